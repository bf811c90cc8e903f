// The books behind the path statistics, as plain data: which paths there are and what came by on each.
//
// A packet that died half way does not show the rest of its path. It counts on the path that was used last among those that begin as
// it did; while there is none, it makes one of its own, which becomes the first packet's that gets further.
import type { DeviceId, NetnsId, TimeNs } from '@hopscope/protocol';
import { lineTo } from '../crossing-tree.ts';
import type { Crossing, Exchange } from '../exchange.ts';
import { roundTripsOf } from '../exchange-times.ts';
import { endOfReply, endOfRequest, leadingCrossings } from './packet-end.ts';
import type { HopReport, PathDrop, PathReport, PathVerdict } from './path-report.ts';
import { addToRing, createRing, type TripRing } from './recent-trips.ts';
import { addToSeries, createSeries, type TimeSeries } from './time-statistics.ts';

/** Different drops remembered for a path; more than a handful is a flood of causes, not a cause. */
const DROPS_KEPT = 8;
/** Crossings of one journey that count: a packet in a routing loop makes hundreds. */
const LONGEST_LINE = 64;

export interface Limits {
  readonly paths: number;
  /** Of all paths together. */
  readonly hops: number;
}

export interface Book {
  readonly limits: Limits;
  /** By id, the one used longest ago first. */
  readonly paths: Map<number, PathEntry>;
  /** Addresses and protocol → ids. */
  readonly bySubject: Map<string, Set<number>>;
  hops: number;
  nextId: number;
  forgotten: number;
}

export interface PathEntry {
  readonly id: number;
  readonly subject: string;
  readonly ends: Pick<PathReport, 'kind' | 'protocol' | 'family' | 'src' | 'dst'>;
  readonly hops: HopEntry[];
  /** A packet got to its end: it is not the beginning of another path. */
  isWhole: boolean;
  sent: number;
  readonly verdicts: Record<PathVerdict, number>;
  unclear: number;
  readonly drops: (Omit<PathDrop, 'count'> & { count: number })[];
  /** Of echoes. */
  readonly recent: TripRing;
  lastNs: TimeNs;
}

export interface HopEntry extends Pick<HopReport, 'direction' | 'way' | 'ifname'> {
  readonly device: DeviceId;
  readonly netns: NetnsId;
  readonly netnsInum: number;
  readonly ifindex: number;
  readonly sinceStart: TimeSeries;
  readonly roundTrip: TimeSeries;
}

interface Step {
  readonly direction: HopReport['direction'];
  readonly crossing: Crossing;
  readonly rttNs: number | null;
}

export function createBook(limits: Limits): Book {
  return { limits, paths: new Map(), bySubject: new Map(), hops: 0, nextId: 1, forgotten: 0 };
}

export function addToBook(book: Book, exchange: Exchange): void {
  const { verdict, request, startNs } = exchange;
  const isUnclear = verdict === 'ambiguous' || verdict === 'in-flight' || exchange.incomplete || request === null;
  const steps = isUnclear ? [] : stepsOf(exchange);
  const isWhole = !isUnclear && (verdict === 'replied' || verdict === 'delivered');
  const path = findPath(book, exchange, steps, isWhole) ?? beginPath(book, exchange);
  use(book, path);
  path.lastNs = startNs;
  if (isUnclear) path.unclear++;
  else count(book, path, exchange, steps, isWhole);
  forgetOldest(book);
}

function count(book: Book, path: PathEntry, exchange: Exchange, steps: readonly Step[], isWhole: boolean): void {
  path.isWhole ||= isWhole;
  path.sent++;
  path.verdicts[exchange.verdict as PathVerdict]++;
  if (exchange.kind === 'echo') addToRing(path.recent, exchange.startNs, exchange.rttNs);
  for (const [i, step] of steps.entries()) {
    let hop = path.hops[i];
    if (hop === undefined) {
      hop = createHop(step);
      path.hops.push(hop);
      book.hops++;
    }
    addToSeries(hop.sinceStart, step.crossing.t - exchange.startNs);
    if (step.rttNs !== null) addToSeries(hop.roundTrip, step.rttNs);
  }
  countDrop(path, exchange);
}

/** The request's way to where it got, then the reply's. */
function stepsOf(exchange: Exchange): Step[] {
  const { request, reply, drop } = exchange;
  const steps: Step[] = [];
  if (request !== null) {
    const crossings = leadingCrossings(request);
    const trips = new Map(roundTripsOf(exchange).map(({ rttNs }, i) => [crossings[i], rttNs]));
    const line = lineTo(crossings, endOfRequest(crossings, reply, request.drop ?? drop));
    for (const crossing of line.slice(0, LONGEST_LINE)) {
      steps.push({ direction: 'request', crossing, rttNs: trips.get(crossing) ?? null });
    }
  }
  if (reply !== null) {
    const crossings = leadingCrossings(reply);
    const line = lineTo(crossings, endOfReply(crossings, request, reply.drop));
    for (const crossing of line.slice(0, LONGEST_LINE)) steps.push({ direction: 'reply', crossing, rttNs: null });
  }
  return steps;
}

function findPath(book: Book, exchange: Exchange, steps: readonly Step[], isWhole: boolean): PathEntry | undefined {
  let best: PathEntry | undefined;
  const ids = [...(book.bySubject.get(subjectOf(exchange)) ?? [])].reverse();
  for (const id of ids) {
    const path = book.paths.get(id);
    if (path === undefined || !isSameBeginning(path, steps)) continue;
    if (path.hops.length === steps.length && (path.isWhole || !isWhole)) return path;
    // The one goes on where the other died.
    const fits = path.hops.length > steps.length ? !isWhole : !path.isWhole;
    if (fits) best ??= path;
  }
  return best;
}

function isSameBeginning({ hops }: PathEntry, steps: readonly Step[]): boolean {
  const shared = Math.min(hops.length, steps.length);
  for (let i = 0; i < shared; i++) {
    const hop = hops[i] as HopEntry;
    const { direction, crossing } = steps[i] as Step;
    if (hop.device !== crossing.device || hop.way !== crossing.way || hop.direction !== direction) return false;
  }
  return true;
}

function subjectOf({ kind, protocol, src, dst }: Exchange): string {
  return `${kind} ${protocol} ${src} ${dst}`;
}

function beginPath(book: Book, exchange: Exchange): PathEntry {
  const { kind, protocol, family, src, dst, startNs } = exchange;
  const path: PathEntry = {
    id: book.nextId++,
    subject: subjectOf(exchange),
    ends: { kind, protocol, family, src, dst },
    hops: [],
    isWhole: false,
    sent: 0,
    verdicts: { replied: 0, delivered: 0, dropped: 0, error: 0, 'lost-sight': 0 },
    unclear: 0,
    drops: [],
    recent: createRing(),
    lastNs: startNs,
  };
  return path;
}

/** It becomes the one used last. */
function use(book: Book, path: PathEntry): void {
  book.paths.delete(path.id);
  book.paths.set(path.id, path);
  const siblings = book.bySubject.get(path.subject) ?? new Set();
  siblings.delete(path.id);
  siblings.add(path.id);
  book.bySubject.set(path.subject, siblings);
}

function createHop({ direction, crossing }: Step): HopEntry {
  const { device, netns, netnsInum, ifindex, ifname, way } = crossing;
  return {
    direction,
    way,
    ifname,
    device,
    netns,
    netnsInum,
    ifindex,
    sinceStart: createSeries(),
    roundTrip: createSeries(),
  };
}

function countDrop(path: PathEntry, { verdict, request, reply, drop }: Exchange): void {
  if (drop === null || verdict === 'replied' || verdict === 'delivered') return;
  const direction = drop === request?.drop ? 'request' : drop === reply?.drop ? 'reply' : 'error';
  const known = path.drops.find(
    (one) =>
      one.direction === direction &&
      one.device === drop.device &&
      one.reason === drop.reason &&
      one.location === drop.location,
  );
  if (known !== undefined) {
    known.count++;
    return;
  }
  const { reason, location, device, netns, ifname } = drop;
  if (path.drops.length === DROPS_KEPT) path.drops.pop();
  path.drops.push({ direction, reason, location, device, netns, ifname, count: 1 });
}

function forgetOldest(book: Book): void {
  for (const path of book.paths.values()) {
    if (book.paths.size <= book.limits.paths && book.hops <= book.limits.hops) return;
    book.paths.delete(path.id);
    book.hops -= path.hops.length;
    book.forgotten++;
    const siblings = book.bySubject.get(path.subject);
    siblings?.delete(path.id);
    if (siblings?.size === 0) book.bySubject.delete(path.subject);
  }
}
