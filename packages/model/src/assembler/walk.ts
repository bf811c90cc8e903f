// Follows a journey's hops in order of time: folds stages into crossings and skbs into lives.
//
// A life is one skb from its first hop here to its free. Clones are lives beside each other; an skb struct that was freed and used
// again is another life, even when both carry the same packet.
import { type Hop, STAGE } from '@hopscope/protocol';
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
  /** Later fragments travel beside the packet. */
  readonly isFragmented: boolean;
  /** Of its hops, without the clones that sockets and sniffers read. */
  readonly joins: ReadonlySet<Join>;
}

interface OpenCrossing {
  readonly crossing: Crossing & { readonly hops: Hop[] };
  readonly segment: Segment;
  /** Last stage so far. */
  stage: number;
  life: Life;
}

interface Step {
  readonly sighting: Sighting;
  readonly member: Member;
}

export function walkJourney(journey: JourneyDraft): Walk {
  const beside = fragmentsOf(journey);
  const fold = createFold();
  const lives: Life[] = [];
  const bySkb = new Map<number, Life>();
  const lastPacket = new Map<Segment, Packet>();
  const joins = new Set<Join>();

  function take(sighting: Sighting, member: Member): void {
    const { hop, packet, way } = sighting;
    const { segment } = member;
    const known = bySkb.get(hop.skb);
    const life = known ?? beginLife(!beside.has(segment));
    if (known === undefined) {
      lives.push(life);
      bySkb.set(hop.skb, life);
    }
    if (!life.segments.includes(segment)) life.segments.push(segment);

    const before = lastPacket.get(segment);
    const join = joinOf(before, packet, member, known !== undefined);
    const isOnWay = way !== null || life.lastCrossing !== null;
    if (isOnWay) lastPacket.set(segment, packet);
    if (isOnWay || (before === undefined && member.after !== null)) joins.add(join);
    if (way !== null) {
      life.lastCrossing = sighting;
      fold.add(sighting, member, life, join);
    } else if (isFree(hop)) {
      life.end = sighting;
      bySkb.delete(hop.skb);
    }
  }

  const [only] = journey.members;
  let sightings: readonly Sighting[];
  if (only !== undefined && journey.members.length === 1) {
    sightings = only.segment.sightings;
    for (const sighting of sightings) take(sighting, only);
  } else {
    const steps = stepsOf(journey);
    sightings = steps.map((step) => step.sighting);
    for (const { sighting, member } of steps) take(sighting, member);
  }
  endLives(journey, lives);
  return { sightings, crossings: fold.crossings, lives, isFragmented: beside.size > 0, joins };
}

function beginLife(isMain: boolean): Life {
  return { segments: [], isMain, lastCrossing: null, end: null, isHandedOver: false, isOver: false };
}

interface Fold {
  readonly crossings: readonly Crossing[];
  add(sighting: Sighting, member: Member, life: Life, join: Join): void;
}

/** Stages at one device, in one direction and rising order are one crossing; the same stage again is the next one. */
function createFold(): Fold {
  const crossings: Crossing[] = [];
  const openOf = new Map<Life, OpenCrossing>();
  const lastAt = new Map<string, OpenCrossing>();

  /** A clone, or the packet rebuilt, may take over in the middle of a crossing. */
  function inherited(place: string, { segment, after }: Member): OpenCrossing | undefined {
    const open = lastAt.get(place);
    if (open === undefined || openOf.get(open.life) !== open) return undefined;
    return open.segment === segment || (after !== null && open.segment === after) ? open : undefined;
  }

  return {
    crossings,
    add({ hop, packet, way }, member, life, join) {
      const { device, netns, netnsInum, ifindex, ifname, t } = hop;
      if (way === null || device === null || netns === null) return;
      const place = `${device} ${way}`;
      let open = openOf.get(life) ?? inherited(place, member);
      if (open?.crossing.device === device && open.crossing.way === way && open.stage < hop.stage) {
        open.crossing.hops.push(hop);
        open.stage = hop.stage;
        open.life = life;
      } else {
        const crossing = { device, netns, netnsInum, ifindex, ifname, way, t, hops: [hop], join, packet };
        open = { crossing, segment: member.segment, stage: hop.stage, life };
        crossings.push(crossing);
        lastAt.set(place, open);
      }
      openOf.set(life, open);
    },
  };
}

function stepsOf(journey: JourneyDraft): Step[] {
  const steps = journey.members.flatMap((member) => member.segment.sightings.map((sighting) => ({ sighting, member })));
  return steps.sort((a, b) => compareHops(a.sighting.hop, b.sighting.hop));
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
