// Keeps exchanges in step with what their segments say: decides anew for all segments that share keys, and changes no more than
// what came out different.
import {
  aloneJourney,
  createDraft,
  type ExchangeDraft,
  type ExchangeState,
  type JourneyDraft,
} from './exchange-state.ts';
import { linkJourneys } from './link.ts';
import { firstCrossing, fitOfRequest, pairJourneys } from './pair.ts';
import { isOnlyConsumed, type Segment } from './segment.ts';

export interface Resolution {
  readonly drafts: readonly ExchangeDraft[];
  /** Nothing was joined by evidence that later hops can take away again. */
  readonly isSimple: boolean;
}

export function resolve(
  segments: readonly Segment[],
  isLossy: (segment: Segment) => boolean,
  timeoutNs: number,
): Resolution {
  const { journeys, ambiguous } = linkJourneys(segments, isLossy);
  const drafts = pairJourneys(journeys, { isLossy, isAmbiguous: (segment) => ambiguous.has(segment), timeoutNs });
  // An error is sent before the packet that it is about is dropped, which may be all that is seen of it there.
  const isSimple =
    ambiguous.size === 0 &&
    journeys.every((journey) => journey.members.every((member) => member.after === null)) &&
    drafts.every(({ errors }) => errors.length === 0);
  return { drafts, isSimple };
}

/**
 * The answer where there is nothing to choose from, which is true of nearly all packets: a request alone, or with the only reply that
 * can be its. The same as `resolve` would find; null when that has to look.
 */
export function resolvePlain(
  segments: readonly Segment[],
  isLossy: (segment: Segment) => boolean,
): ExchangeDraft | null {
  const [first, second] = segments;
  if (first === undefined || segments.length > 2 || first.kind !== 'request' || !isPlain(first)) return null;
  const request = first.exchange?.draft.request ?? aloneJourney(first);
  if (request.members.length > 1 || isLossy(first)) return null;
  if (second === undefined) return createDraft({ request, reply: null, errors: [], ambiguous: false });
  if (second.kind !== 'reply' || second.exchange !== null || !isPlain(second) || isLossy(second)) return null;
  const reply = aloneJourney(second);
  if (fitOfRequest(request, firstCrossing(reply)) === 0) return null;
  return createDraft({ request, reply, errors: [], ambiguous: false });
}

function isPlain(segment: Segment): boolean {
  return !segment.isTranslated && !isOnlyConsumed(segment);
}

/** First hop on a device of any of its journeys. */
export function startOf(draft: ExchangeDraft): number {
  let start = Number.POSITIVE_INFINITY;
  for (const journey of draft.journeys) start = Math.min(start, firstCrossing(journey).hop.t);
  return start;
}

export function isSameDraft(a: ExchangeDraft, b: ExchangeDraft): boolean {
  return (
    a.ambiguous === b.ambiguous &&
    isSameJourney(a.request, b.request) &&
    isSameJourney(a.reply, b.reply) &&
    a.errors.length === b.errors.length &&
    a.errors.every((error, i) => isSameJourney(error, b.errors[i] ?? null))
  );
}

function isSameJourney(a: JourneyDraft | null, b: JourneyDraft | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.members.length === b.members.length &&
    a.members.every((member, i) => {
      const other = b.members[i];
      return member.segment === other?.segment && member.join === other.join && member.after === other.after;
    })
  );
}

/**
 * Which known exchange each draft is: the oldest of those that its segments belong to, each given once, the earliest draft first.
 * @returns one entry per draft, undefined for a new exchange
 */
export function matchExchanges(drafts: readonly ExchangeDraft[]): (ExchangeState | undefined)[] {
  const given = new Set<ExchangeState>();
  return drafts.map((draft) => {
    let oldest: ExchangeState | undefined;
    for (const { exchange } of draft.segments) {
      if (exchange === null || given.has(exchange)) continue;
      if (oldest === undefined || exchange.id < oldest.id) oldest = exchange;
    }
    if (oldest !== undefined) given.add(oldest);
    return oldest;
  });
}
