// One journey as it is shown, with its verdict.
//
// A free is no verdict by itself. Every echo reply that `ping` reads ends in kfree_skb with NO_SOCKET, because ping's raw socket holds
// a clone; a flooded frame ends in OTHERHOST at every port but one; sniffers hold and free clones all the time. So a packet is
// dropped only when no holder of its data is left and none of them was delivered.
import { type PacketId, STAGE, type TimeNs } from '@hopscope/protocol';
import { type Direction, type Drop, JOINS, type Journey } from '../exchange.ts';
import type { JourneyDraft } from './exchange-state.ts';
import type { Sighting } from './segment.ts';
import { type Life, type Walk, walkJourney } from './walk.ts';

export interface JourneyContext {
  readonly dropReasons: Readonly<Record<string, string>>;
  readonly locations: ReadonlyMap<number, string>;
  /** No hop for the whole time-out. */
  readonly final: boolean;
  readonly incomplete: boolean;
  /** Something answers it: then it was delivered, whatever was seen of its end. */
  readonly answered: boolean;
  /** Where the request it answers was first seen, when it answers one. */
  readonly origin: Sighting | null;
}

export interface JourneyView {
  readonly journey: Journey;
  readonly walk: Walk;
  /** Back in the namespace where the request began, or out by the device that the request came in by. */
  readonly hasReturned: boolean;
}

/** Reasons that say nothing against another holder's delivery. The names are the kernel's; before 5.17 it gave none. */
const NO_TAKER = new Set(['NO_SOCKET', 'NOT_SPECIFIED']);
const OTHER_HOST = 'OTHERHOST';
const SNIFFER = 'PACKET_SOCK_ERROR';
/** With no device any more: it waited in a socket's queue when the socket was closed. */
const QUEUE_PURGE = 'QUEUE_PURGE';

export function buildJourney(draft: JourneyDraft, context: JourneyContext): JourneyView {
  const walk = walkJourney(draft);
  const root = draft.members[0]?.segment;
  const first = walk.sightings.find((one) => one.way !== null) ?? walk.sightings[0];
  if (root === undefined || first === undefined) throw new Error('a journey has at least one hop');
  const hasReturned = context.origin !== null && isBackAt(walk, context.origin);
  const { verdict, drop } = judge(walk, context);
  const lastCrossing = walk.sightings.findLast((one) => one.way !== null);
  const packets = new Set(walk.sightings.map((one) => one.hop.packet));
  packets.delete(0 as PacketId);
  return {
    walk,
    hasReturned,
    journey: {
      id: root.serial,
      direction: root.kind as Direction,
      packets: [...packets],
      family: first.packet.family,
      src: first.packet.src,
      dst: first.packet.dst,
      startNs: first.hop.t,
      endNs: Math.max((lastCrossing ?? first).hop.t, drop?.t ?? first.hop.t) as TimeNs,
      crossings: walk.crossings,
      join: JOINS.findLast((join) => walk.joins.has(join)) ?? JOINS[0],
      verdict,
      drop,
    },
  };
}

function isBackAt(walk: Walk, origin: Sighting): boolean {
  if (origin.way === 'in') {
    return walk.sightings.some((one) => one.way === 'out' && one.hop.device === origin.hop.device);
  }
  return walk.sightings.some(
    (one) => one.way === 'in' && (origin.hop.netns === null || one.hop.netns === origin.hop.netns),
  );
}

interface Judgement {
  readonly verdict: Journey['verdict'];
  readonly drop: Drop | null;
}

type KilledLife = Life & { readonly end: Sighting };

function judge(walk: Walk, context: JourneyContext): Judgement {
  const delivered: Judgement = { verdict: 'delivered', drop: null };
  const undecided: Judgement = { verdict: context.final ? 'lost-sight' : 'in-flight', drop: null };
  if (context.answered || walk.lives.some((life) => life.isMain && hasArrived(life, context.origin))) return delivered;

  const nameOf = ({ hop }: Sighting): string | undefined => context.dropReasons[String(hop.dropReason)];
  const isNoTaker = ({ end }: KilledLife): boolean => NO_TAKER.has(nameOf(end) ?? 'NO_SOCKET');
  const cameInAt = walk.sightings.findIndex((one) => one.way === 'in');
  const wasRead = cameInAt >= 0 && walk.sightings.slice(cameInAt).some((one) => isSocketEnd(one, nameOf(one)));
  const killed = walk.lives
    .filter(isKilled)
    .filter(({ end }) => nameOf(end) !== SNIFFER && !(wasRead && isSocketEnd(end, nameOf(end))));
  const hard = killed.filter((life) => !isNoTaker(life) && nameOf(life.end) !== OTHER_HOST);

  // A branch goes on, or left by a wire; a sniffer reads clones of it meanwhile.
  if (walk.lives.some((life) => life.isMain && goesOn(life))) return undecided;
  if (wasRead && hard.every((life) => life.lastCrossing === null)) return delivered;
  if (killed.length === 0) return undecided;
  // Someone still holds the data. When nothing more is heard of it in the whole time-out, and nothing was missed, it was no branch.
  const isSilent = context.final && hard.length > 0 && !context.incomplete;
  if (!isSilent && !killed.some((life) => life.isOver)) return undecided;
  const causes = [hard, killed.filter(isNoTaker), killed].find((some) => some.length > 0) ?? killed;
  const { hop, packet } = causes.reduce((latest, life) => (life.end.hop.t > latest.end.hop.t ? life : latest)).end;
  return {
    verdict: 'dropped',
    drop: {
      t: hop.t,
      reason: context.dropReasons[String(hop.dropReason)] ?? String(hop.dropReason),
      location: context.locations.get(hop.location) ?? '',
      device: hop.device,
      netns: hop.netns,
      ifname: hop.ifname,
      hop,
      packet,
      routes: [],
      icmpSent: [],
    },
  };
}

/** A socket's clone ends without a device: read by the program, or left unread. */
function isSocketEnd({ hop }: Sighting, reason: string | undefined): boolean {
  if (hop.device !== null) return false;
  return hop.stage === STAGE.consume_skb || (hop.stage === STAGE.kfree_skb && reason === QUEUE_PURGE);
}

function isKilled(life: Life): life is KilledLife {
  return life.end?.hop.stage === STAGE.kfree_skb && !life.isHandedOver;
}

/** It came in and was consumed there; or it is a reply and left by the device that the request came in by. */
function hasArrived(life: Life, origin: Sighting | null): boolean {
  if (life.lastCrossing === null || life.isHandedOver || isKilled(life)) return false;
  if (life.lastCrossing.way === 'in') return life.end !== null;
  return origin?.way === 'in' && life.lastCrossing.hop.device === origin.hop.device;
}

function goesOn(life: Life): boolean {
  if (life.lastCrossing === null || life.isHandedOver) return false;
  if (life.end === null) return !life.isOver;
  return life.end.hop.stage === STAGE.consume_skb && life.lastCrossing.way === 'out';
}
