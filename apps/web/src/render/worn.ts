// Which addresses a packet wears on the leg that it flies, for the label at its dot: NAT gives it others in the middle of its way. Pure.
import type { Packet } from '@hopscope/model';
import { tupleEnds } from '../store/exchange-words.ts';
import type { Schedule, TimedLeg } from './schedule.ts';

export interface Worn {
  /** `172.17.0.2 → 198.51.100.9` */
  readonly text: string;
  /** What NAT has just changed: `172.17.0.2 ⇒ 192.0.2.2`. Null: nothing lately. */
  readonly change: string | null;
}

type Ends = readonly [string, string, string];

const endsOf = ({ src, dst, ports, icmp }: Packet, leg: TimedLeg): Ends =>
  tupleEnds({ direction: leg.direction, src, dst, ports, icmpId: icmp?.id ?? null, device: null });

/**
 * Null for a packet that wears the same addresses all the way: they are in the list.
 * @param forNs how long a change is news, in packet time
 */
export function wornAt(schedule: Schedule, leg: TimedLeg, atNs: number, forNs: number): Worn | null {
  const { tuples } = schedule.exchange;
  if (tuples.filter(({ direction }) => direction === leg.direction).length < 2) return null;
  const now = packetAt(schedule, leg, atNs);
  if (now === null) return null;
  // One who looked a moment ago saw other ones.
  const past = packetAt(schedule, leg, atNs - forNs);
  const ends = endsOf(now, leg);
  const before = past === null ? ends : endsOf(past, leg);
  const changes = ends.flatMap((end, i) => (end === before[i] ? [] : [`${before[i]} ⇒ ${end}`]));
  return { text: `${ends[0]} → ${ends[1]}`, change: changes.length === 0 ? null : changes.join(', ') };
}

/** As it was at that time on its way to the end of `leg`. */
function packetAt(schedule: Schedule, leg: TimedLeg, atNs: number): Packet | null {
  const at = legAt(schedule, leg, atNs);
  const arrives = crossingAt(schedule, at);
  const left = crossingBefore(schedule, at);
  if (left === null || arrives === null) return arrives ?? left;
  // Where its addresses change is the stack that it passes; where it passes none, nobody saw the place: the middle.
  return atNs >= at.startNs + at.turn * (at.endNs - at.startNs) ? arrives : left;
}

/** The leg of the same way and direction that it was on then. */
function legAt({ legs }: Schedule, leg: TimedLeg, atNs: number): TimedLeg {
  let at = leg;
  while (atNs < at.startNs) {
    const before = at.from === null ? undefined : legs[at.from];
    if (before === undefined || before.direction !== at.direction) break;
    at = before;
  }
  return at;
}

function crossingAt({ legs, steps }: Schedule, leg: TimedLeg): Packet | null {
  return steps.find((step) => step.leg !== null && legs[step.leg] === leg)?.crossing.packet ?? null;
}

function crossingBefore(schedule: Schedule, leg: TimedLeg): Packet | null {
  const before = leg.from === null ? undefined : schedule.legs[leg.from];
  if (before !== undefined && before.direction === leg.direction) {
    return crossingAt(schedule, before) ?? crossingBefore(schedule, before);
  }
  return schedule.steps.find((step) => step.leg === null && step.direction === leg.direction)?.crossing.packet ?? null;
}
