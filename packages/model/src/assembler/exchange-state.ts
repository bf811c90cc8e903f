// What the assembler remembers of an exchange between two looks at it.
import type { Exchange, Join } from '../exchange.ts';
import type { Segment } from './segment.ts';

/** A segment's place in a journey. */
export interface Member {
  readonly segment: Segment;
  /** How its first hop was joined; `same-skb` for the journey's first segment, which was joined to nothing. */
  readonly join: Join;
  /** The segment that this one goes on from. Null for the first, and for a fragment that travels beside it. */
  readonly after: Segment | null;
}

/** A journey's segments, the one that it begins with first. */
export interface JourneyDraft {
  readonly members: readonly Member[];
}

/** Which journeys make up an exchange. */
export interface ExchangeDraft {
  readonly request: JourneyDraft | null;
  readonly reply: JourneyDraft | null;
  readonly errors: readonly JourneyDraft[];
  /** More than one answer fits. */
  readonly ambiguous: boolean;
}

export interface ExchangeState {
  readonly id: number;
  draft: ExchangeDraft;
  /** First hop on a device, or the first at all. */
  startNs: number;
  /** Last hop of any of its segments. */
  lastNs: number;
  incomplete: boolean;
  /** No hop for the whole time-out. */
  final: boolean;
  /** Built when asked for, thrown away when anything changed. */
  view: Exchange | undefined;
}

export function journeysOf(draft: ExchangeDraft): JourneyDraft[] {
  const journeys = [...draft.errors];
  if (draft.reply !== null) journeys.unshift(draft.reply);
  if (draft.request !== null) journeys.unshift(draft.request);
  return journeys;
}

export function segmentsOf(draft: ExchangeDraft): Segment[] {
  return journeysOf(draft).flatMap((journey) => journey.members.map((member) => member.segment));
}
