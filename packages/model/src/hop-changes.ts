// What each hop of a journey found changed in the headers since the hop before it.
import { parentOf } from './crossing-tree.ts';
import type { Crossing, Journey } from './exchange.ts';
import { type HeaderChange, headerChanges } from './header-changes.ts';

/**
 * Of crossing `i`, since the crossing that it comes from: on a flooded branch that is where the branch began. Fragments are each held to
 * the one before of the same offset. Empty for the first.
 */
export function hopChanges({ crossings }: Pick<Journey, 'crossings'>, i: number): HeaderChange[] {
  const own = crossings[i];
  if (own === undefined) return [];
  const offset = offsetOf(own);
  const line =
    offset === 0 && !crossings.some((each) => offsetOf(each) > 0) ? crossings : sameOffset(crossings, offset);
  const at = line.indexOf(own);
  const before = at <= 0 ? undefined : line[parentOf(line, at)];
  return before === undefined ? [] : headerChanges(before.packet, own.packet);
}

const offsetOf = ({ packet }: Crossing): number => packet.fragment?.offsetBytes ?? 0;

const sameOffset = (crossings: readonly Crossing[], offset: number): readonly Crossing[] =>
  crossings.filter((crossing) => offsetOf(crossing) === offset);
