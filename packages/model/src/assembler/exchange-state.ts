// What the assembler remembers of an exchange between two looks at it.
import type { Exchange, Join } from '../exchange.ts';
import type { Segment } from './segment.ts';
import { isLastFree } from './stages.ts';

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

/** The journey of a segment that is joined to nothing. */
export function aloneJourney(segment: Segment): JourneyDraft {
  return { members: [{ segment, join: 'same-skb', after: null }] };
}

/** Which journeys make up an exchange. */
export interface ExchangeParts {
  readonly request: JourneyDraft | null;
  readonly reply: JourneyDraft | null;
  readonly errors: readonly JourneyDraft[];
  /** More than one answer fits. */
  readonly ambiguous: boolean;
}

export interface ExchangeDraft extends ExchangeParts {
  /** Request, reply, errors: those that there are. */
  readonly journeys: readonly JourneyDraft[];
  /** Of all journeys. */
  readonly segments: readonly Segment[];
}

export function createDraft({ request, reply, errors, ambiguous }: ExchangeParts): ExchangeDraft {
  const journeys = errors.slice();
  if (reply !== null) journeys.unshift(reply);
  if (request !== null) journeys.unshift(request);
  const segments: Segment[] = [];
  for (const { members } of journeys) for (const { segment } of members) segments.push(segment);
  return { request, reply, errors, ambiguous, journeys, segments };
}

const NO_ERRORS: readonly JourneyDraft[] = [];

/** A packet that nothing belongs to (yet), as most UDP and TCP packets are. */
export function createLoneDraft(segment: Segment): ExchangeDraft {
  const request = aloneJourney(segment);
  return { request, reply: null, errors: NO_ERRORS, ambiguous: false, journeys: [request], segments: [segment] };
}

export interface ExchangeState {
  readonly id: number;
  draft: ExchangeDraft;
  /** First hop on a device, or the first at all. */
  startNs: number;
  /** Last hop of any of its segments. */
  lastNs: number;
  /** The assembler's time when it came, or came back, under way. */
  sinceNs: number;
  incomplete: boolean;
  /** No hop for the whole time-out. */
  final: boolean;
  /** UDP and TCP: received last where its destination's address is; null while that is not known. */
  isHome: boolean | null;
  /** Home, and no hop since for as long as the kernel can take to drop it. */
  isQuiet: boolean;
  /** Built when asked for, thrown away when anything changed. */
  view: Exchange | undefined;
}

/** Nothing is left of the request, nor of its reply where one is awaited: more hops can hardly come. */
export function isOver(exchange: ExchangeState): boolean {
  const { request, reply, errors } = exchange.draft;
  if (request === null || errors.length > 0) return false;
  if (reply === null && request.members[0]?.segment.kind !== 'data') return false;
  return exchange.draft.journeys.every((journey) =>
    journey.members.some(({ segment }) => segment.sightings.some(({ hop }) => isLastFree(hop))),
  );
}

/** Shown with a verdict that the time-out changes. */
export function isUnsettled({ view }: ExchangeState): boolean {
  if (view === undefined) return false;
  return [view, view.request, view.reply, ...view.errors].some((one) => one?.verdict === 'in-flight');
}
