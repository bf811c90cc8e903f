// Follows a journey's hops in order of time: folds stages into crossings and skbs into lives.
//
// A life is one skb from its first hop here to its free. Clones are lives beside each other; an skb struct that was freed and used
// again is another life, even when both carry the same packet.
import { STAGE } from '@hopscope/protocol';
import type { Crossing, Join } from '../exchange.ts';
import type { Packet } from '../packet.ts';
import type { JourneyDraft, Member } from './exchange-state.ts';
import { compareHops, firstOf, isSameFace, type Segment, type Sighting } from './segment.ts';
import { isFree, isLastFree } from './stages.ts';

export interface Life {
  readonly segments: Segment[];
  /** A later fragment travels beside the packet; what becomes of the packet is told by the first one. */
  readonly isMain: boolean;
  lastCrossing: Sighting | null;
  end: Sighting | null;
  /** The packet went on under another skb or packet id. */
  isHandedOver: boolean;
  /** The last holder of its data is gone, seen or not. */
  isOver: boolean;
}

export interface Walk {
  readonly sightings: readonly Sighting[];
  readonly crossings: readonly Crossing[];
  readonly lives: readonly Life[];
  /** The weakest of all hops. */
  readonly joins: ReadonlySet<Join>;
}

interface OpenCrossing {
  readonly crossing: Crossing & { readonly hops: Sighting['hop'][] };
  readonly segment: Segment;
  stage: number;
  life: Life;
}

interface Step {
  readonly sighting: Sighting;
  readonly member: Member;
}

export function walkJourney(journey: JourneyDraft): Walk {
  const steps = stepsOf(journey);
  const beside = fragmentsOf(journey);
  const lives: Life[] = [];
  const bySkb = new Map<number, Life>();
  const openOf = new Map<Life, OpenCrossing>();
  const lastAt = new Map<string, OpenCrossing>();
  const lastPacket = new Map<Segment, Packet>();
  const crossings: Crossing[] = [];
  const joins = new Set<Join>();

  for (const { sighting, member } of steps) {
    const { hop, packet, way } = sighting;
    const { segment } = member;
    let life = bySkb.get(hop.skb);
    const before = lastPacket.get(segment);
    const join = joinOf(before, packet, member, life !== undefined);
    lastPacket.set(segment, packet);
    joins.add(join);
    if (life === undefined) {
      const isMain = !beside.has(segment);
      life = { segments: [segment], isMain, lastCrossing: null, end: null, isHandedOver: false, isOver: false };
      lives.push(life);
      bySkb.set(hop.skb, life);
    } else if (!life.segments.includes(segment)) life.segments.push(segment);

    if (way === null) {
      if (!isFree(hop)) continue;
      life.end = sighting;
      bySkb.delete(hop.skb);
      continue;
    }
    life.lastCrossing = sighting;
    if (hop.device === null || hop.netns === null) continue;
    const place = `${hop.device} ${way}`;
    let open = openOf.get(life);
    if (open === undefined) {
      // A clone may take over in the middle of a crossing.
      const other = lastAt.get(place);
      const isHeir = other?.segment === segment || (member.after !== null && other?.segment === member.after);
      if (other !== undefined && isHeir && openOf.get(other.life) === other) open = other;
    }
    if (open !== undefined && lastAt.get(place) === open && open.stage < hop.stage) {
      open.crossing.hops.push(hop);
      open.stage = hop.stage;
      open.life = life;
    } else {
      const { device, netns, netnsInum, ifindex, ifname, t } = hop;
      open = {
        crossing: { device, netns, netnsInum, ifindex, ifname, way, t, hops: [hop], join, packet },
        segment,
        stage: hop.stage,
        life,
      };
      crossings.push(open.crossing);
      lastAt.set(place, open);
    }
    openOf.set(life, open);
  }
  endLives(journey, lives);
  return { sightings: steps.map((step) => step.sighting), crossings, lives, joins };
}

function stepsOf(journey: JourneyDraft): Step[] {
  const steps = journey.members.flatMap((member) => member.segment.sightings.map((sighting) => ({ sighting, member })));
  return journey.members.length === 1 ? steps : steps.sort((a, b) => compareHops(a.sighting.hop, b.sighting.hop));
}

function fragmentsOf(journey: JourneyDraft): Set<Segment> {
  const [root, ...others] = journey.members;
  const beside = new Set<Segment>();
  for (const { segment } of others) if (segment.kind !== root?.segment.kind) beside.add(segment);
  return beside;
}

function joinOf(before: Packet | undefined, packet: Packet, member: Member, isKnownSkb: boolean): Join {
  if (before === undefined) return member.join;
  if (!isSameFace(before, packet)) return 'nat';
  return isKnownSkb ? 'same-skb' : 'same-data';
}

function endLives(journey: JourneyDraft, lives: readonly Life[]): void {
  for (const life of lives) {
    const last = life.lastCrossing ?? life.end;
    if (last === null) continue;
    life.isHandedOver = journey.members.some(
      ({ segment, after }) =>
        after !== null &&
        life.segments.includes(after) &&
        !life.segments.includes(segment) &&
        segment.sightings.some((one) => one.way !== null || one.hop.stage === STAGE.kfree_skb) &&
        firstOf(segment).hop.t >= last.hop.t,
    );
    life.isOver = life.segments.some((segment) =>
      segment.sightings.some(({ hop }) => isLastFree(hop) && hop.t >= last.hop.t),
    );
  }
}
