// Segments → journeys. Looks at all segments that share a key at once and in order of time, so the answer depends on what was seen
// and not on the order it arrived in.
import type { Hop } from '@hopscope/protocol';
import type { Join } from '../exchange.ts';
import { continuation, isTranslationPlausible } from './continuation.ts';
import { aloneJourney, type JourneyDraft, type Member } from './exchange-state.ts';
import { firstOf, isOnlyConsumed, isSameNetns, type Segment, type Sighting } from './segment.ts';
import { isFree } from './stages.ts';

export interface Linked {
  readonly journeys: readonly JourneyDraft[];
  /** Segments for which more than one answer fits. */
  readonly ambiguous: ReadonlySet<Segment>;
}

interface Link {
  readonly earlier: Segment;
  readonly join: Join;
}

/**
 * @param segments in order of first sight
 * @param isLossy hops were missed around this segment: then only the kernel's ids join, since the packet that would make
 *   another answer possible may be among the missed
 */
export function linkJourneys(segments: readonly Segment[], isLossy: (segment: Segment) => boolean): Linked {
  if (segments.every((segment, i) => isPlain(segment, segments, i))) {
    return { journeys: segments.map(aloneJourney), ambiguous: NONE };
  }
  const links = new Map<Segment, Link>();
  const ambiguous = new Set<Segment>();
  // Who goes on from a segment by its headers alone.
  const heirs = new Map<Segment, Segment>();
  const continued = new Set<Segment>();

  for (const later of segments) {
    if (later.isTranslated && !isTranslationPlausible(later)) ambiguous.add(later);
    const candidates = candidatesFor(later, segments, isLossy);
    if (candidates.length === 0) continue;
    const bySkb = candidates.filter((one) => one.join === 'same-skb' || one.join === 'nat').at(-1);
    if (bySkb !== undefined) {
      links.set(later, bySkb);
      continued.add(bySkb.earlier);
      continue;
    }
    const open = candidates.filter((one) => !continued.has(one.earlier) && !heirs.has(one.earlier));
    const [only] = open;
    if (only !== undefined && open.length === 1) {
      links.set(later, only);
      heirs.set(only.earlier, later);
      continue;
    }
    if (open.length > 1) {
      for (const one of [later, ...open.map((link) => link.earlier)]) ambiguous.add(one);
      continue;
    }
    // What it could go on from already goes on as another one, by no better evidence: then neither is known.
    for (const { earlier } of candidates) {
      const heir = heirs.get(earlier);
      if (heir === undefined) continue;
      links.delete(heir);
      for (const one of [later, heir, earlier]) ambiguous.add(one);
    }
  }
  return { journeys: attachFragments(buildJourneys(segments, links), isLossy, ambiguous), ambiguous };
}

const NONE: ReadonlySet<Segment> = new Set();

/** Nothing here could be joined to it or held against it, which is true of nearly all packets. */
function isPlain({ kind, isTranslated }: Segment, segments: readonly Segment[], i: number): boolean {
  if (isTranslated || kind === 'fragment') return false;
  for (let j = 0; j < i; j++) if (segments[j]?.kind === kind) return false;
  return true;
}

/** What `later` may go on from, in order of first sight. */
function candidatesFor(
  later: Segment,
  segments: readonly Segment[],
  isLossy: (segment: Segment) => boolean,
): readonly Link[] {
  let held: Map<Segment, Sighting> | null = null;
  const candidates: Link[] = [];
  for (const earlier of segments) {
    if (earlier === later) break;
    if (!mayCompare(earlier, later) || isLossy(earlier) || isLossy(later)) continue;
    held ??= heldSkbs(segments, later);
    const join = continuation(earlier, later, held.get(earlier) ?? null);
    if (join !== null) candidates.push({ earlier, join });
  }
  return candidates;
}

/**
 * Whose the skbs of `later` were before: by segment, the first sighting in `later` of an skb that came from it. An skb freed in
 * between came from nobody: it was used anew.
 */
function heldSkbs(segments: readonly Segment[], later: Segment): Map<Segment, Sighting> {
  const held = new Map<Segment, Sighting>();
  const seen = new Set<number>();
  for (const sighting of later.sightings) {
    const { skb, t } = sighting.hop;
    if (seen.has(skb)) continue;
    seen.add(skb);
    let holder: Segment | null = null;
    let latest: Hop | null = null;
    for (const segment of segments) {
      if (segment === later) continue;
      for (const { hop } of segment.sightings) {
        if (hop.t > t) break;
        if (hop.skb !== skb || (latest !== null && hop.t < latest.t)) continue;
        latest = hop;
        holder = segment;
      }
    }
    if (holder !== null && latest !== null && !isFree(latest) && !held.has(holder)) held.set(holder, sighting);
  }
  return held;
}

function mayCompare(a: Segment, b: Segment): boolean {
  if (a.kind !== b.kind) return false;
  return a.kind !== 'fragment' || firstOf(a).packet.fragment?.offsetBytes === firstOf(b).packet.fragment?.offsetBytes;
}

function buildJourneys(segments: readonly Segment[], links: ReadonlyMap<Segment, Link>): Member[][] {
  const journeyOf = new Map<Segment, Member[]>();
  const journeys: Member[][] = [];
  for (const segment of segments) {
    const link = links.get(segment);
    const joined = link === undefined ? undefined : journeyOf.get(link.earlier);
    if (link === undefined || joined === undefined) {
      const journey: Member[] = [{ segment, join: 'same-skb', after: null }];
      journeys.push(journey);
      journeyOf.set(segment, journey);
    } else {
      joined.push({ segment, join: link.join, after: link.earlier });
      journeyOf.set(segment, joined);
    }
  }
  return journeys;
}

/**
 * Later fragments carry no ICMP header: addresses and IP id tell whose they are. They become part of the journey of their first
 * fragment, as crossings beside its own. Those whose first fragment was not seen (yet) belong to nothing.
 */
function attachFragments(
  journeys: readonly Member[][],
  isLossy: (segment: Segment) => boolean,
  ambiguous: Set<Segment>,
): JourneyDraft[] {
  const whole = journeys.filter(([root]) => root?.segment.kind !== 'fragment');
  if (whole.length === journeys.length) return whole.map((members) => ({ members }));
  for (const fragment of journeys) {
    const root = fragment[0]?.segment;
    if (root?.kind !== 'fragment') continue;
    const first = firstOf(root);
    const owners = whole.filter((members) =>
      members.some(
        ({ segment }) =>
          !isOnlyConsumed(segment) &&
          segment.sightings.some(
            ({ packet }) =>
              packet.fragment?.offsetBytes === 0 &&
              packet.ipId === first.packet.ipId &&
              (packet.family === 6 || packet.protocol === first.packet.protocol) &&
              packet.src === first.packet.src &&
              packet.dst === first.packet.dst,
          ),
      ),
    );
    const fromHere = owners.filter(([owner]) => owner && isSameNetns(firstOf(owner.segment).hop, first.hop));
    const candidates = fromHere.length > 0 || isLossy(root) ? fromHere : owners;
    const [only] = candidates;
    if (only !== undefined && candidates.length === 1) {
      only.push({ segment: root, join: 'protocol', after: null }, ...fragment.slice(1));
    } else for (const owner of candidates) if (owner[0]) ambiguous.add(owner[0].segment);
  }
  return whole.map((members) => ({ members }));
}
