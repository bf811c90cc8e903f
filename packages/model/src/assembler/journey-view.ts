// One journey as it is shown, with its verdict.
//
// A free is no verdict by itself. Every echo reply that `ping` reads ends in kfree_skb with NO_SOCKET, because ping's raw socket holds
// a clone; a flooded frame ends in OTHERHOST at every port but one; sniffers hold and free clones all the time. So a packet is
// dropped only when no holder of its data is left and none of them was delivered.
import { FLAG, type Hop, type PacketId, STAGE, type TimeNs } from '@hopscope/protocol';
import { type Direction, type Drop, JOINS, type Journey } from '../exchange.ts';
import { type FibLookup, readFibLookup } from '../fib-lookup.ts';
import type { JourneyDraft } from './exchange-state.ts';
import type { Sighting } from './segment.ts';
import { isFree, isLastFree } from './stages.ts';
import { type Life, type Walk, walkJourney } from './walk.ts';

export interface JourneyContext {
  readonly dropReasons: Readonly<Record<string, string>>;
  readonly locations: ReadonlyMap<number, string>;
  /** No hop for the whole time-out. */
  readonly final: boolean;
  /** See ExchangeState. */
  readonly isHome: boolean | null;
  readonly isQuiet: boolean;
  readonly incomplete: boolean;
  /** Something answers it: then it was delivered, whatever was seen of its end. */
  readonly answered: boolean;
  /** Where the request it answers was first seen, when it answers one. */
  readonly origin: Sighting | null;
  /** The packet that GRO made it part of, when it did. */
  readonly whole: Journey | null;
}

export interface JourneyView {
  readonly journey: Journey;
  readonly walk: Walk;
  /** Back in the namespace where the request began, or out by the device that the request came in by. */
  readonly hasReturned: boolean;
}

/** Reasons that say nothing against another holder's delivery. The names are the kernel's; before 5.17 it gave none. */
const NOT_SPECIFIED = 'NOT_SPECIFIED';
const NO_TAKER = new Set(['NO_SOCKET', NOT_SPECIFIED]);
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
  const { verdict, drop } = context.whole ?? judge(draft, walk, context);
  const lastCrossing = walk.sightings.findLast((one) => one.way !== null);
  const packets = new Set(walk.sightings.map((one) => one.hop.packet));
  packets.delete(0 as PacketId);
  return {
    walk,
    hasReturned,
    journey: {
      id: root.serial,
      direction: root.kind === 'data' ? 'request' : (root.kind as Direction),
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
      ...(context.whole?.packets[0] === undefined ? {} : { mergedInto: context.whole.packets[0] }),
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

function judge(draft: JourneyDraft, walk: Walk, context: JourneyContext): Judgement {
  const delivered: Judgement = { verdict: 'delivered', drop: null };
  const isArrival = (life: Life): boolean =>
    life.isMain && hasArrived(life, context.origin) && !(walk.isFragmented && isKilledLater(life, walk));
  if (context.answered || walk.lives.some(isArrival)) return delivered;

  const nameOf = ({ hop }: Sighting): string | undefined => context.dropReasons[String(hop.dropReason)];
  const isNoTaker = ({ end }: KilledLife): boolean => NO_TAKER.has(nameOf(end) ?? 'NO_SOCKET');
  const cameInAt = walk.sightings.findIndex((one) => one.way === 'in');
  // What is for a UDP or TCP socket is read there; who else reads a copy of it is a sniffer.
  const isData = walk.sightings[0]?.packet.kind === 'data';
  const wasRead =
    !isData && cameInAt >= 0 && walk.sightings.slice(cameInAt).some((one) => isSocketEnd(one, nameOf(one)));
  const ended = walk.lives.filter(isKilled);
  if (isData && ended.some((life) => life.isMain && isLeftUnread(life, nameOf(life.end)))) return delivered;
  const killed = ended.filter(({ end, lastCrossing }) => {
    if (nameOf(end) === SNIFFER) return false;
    return !((wasRead || (isData && lastCrossing === null)) && isSocketEnd(end, nameOf(end)));
  });
  const hard = killed.filter((life) => !isNoTaker(life) && nameOf(life.end) !== OTHER_HOST);

  const isTaken =
    killed.length === 0 &&
    !context.incomplete &&
    context.isHome !== false &&
    walk.lives.some((life) => isTakenInSilence(life, walk));
  const silent: Judgement = isTaken ? delivered : { verdict: 'lost-sight', drop: null };
  const isSettled = context.final || (isTaken && context.isQuiet);
  const undecided: Judgement = isSettled ? silent : { verdict: 'in-flight', drop: null };
  // A branch goes on, or left by a wire; a sniffer reads clones of it meanwhile.
  if (walk.lives.some((life) => life.isMain && goesOn(life))) return undecided;
  if (wasRead && hard.every((life) => life.lastCrossing === null)) return delivered;
  if (killed.length === 0) return undecided;
  // Someone still holds the data. When nothing more is heard of it in the whole time-out, and nothing was missed, it was no branch.
  const isSilent = context.final && hard.length > 0 && !context.incomplete;
  if (!isSilent && !killed.some((life) => life.isOver || isHeldForRepeat(life, walk))) return undecided;
  // Of a reassembled packet the first fragment's data says why; the others are freed after it, without a reason of their own.
  const own = walk.isFragmented ? killed.filter(({ end }) => end.packet.kind !== 'fragment') : killed;
  const blamed = own.length > 0 ? own : killed;
  const causes =
    [blamed.filter((life) => hard.includes(life)), blamed.filter(isNoTaker)].find((some) => some.length > 0) ?? blamed;
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
      ...evidenceOf(draft, hop),
    },
  };
}

/** What the kernel was seen to do about the packet until its drop, in the same place. */
function evidenceOf(draft: JourneyDraft, drop: Hop): Pick<Drop, 'routes' | 'icmpSent'> {
  const segment = draft.members.find((one) => one.segment.sightings.some(({ hop }) => hop === drop))?.segment;
  const routes: FibLookup[] = [];
  const icmpSent: { type: number; code: number }[] = [];
  for (const hop of segment?.evidence ?? []) {
    if (hop.t > drop.t || (hop.netns !== null && drop.netns !== null && hop.netns !== drop.netns)) continue;
    const route = readFibLookup(hop);
    if (route !== null) routes.push(route);
    if (hop.stage === STAGE.icmp_send) icmpSent.push({ type: hop.dropReason >> 8, code: hop.dropReason & 0xff });
  }
  return { routes, icmpSent };
}

/** A socket's clone ends without a device: read by the program, or left unread. */
function isSocketEnd({ hop }: Sighting, reason: string | undefined): boolean {
  if (hop.device !== null) return false;
  return hop.stage === STAGE.consume_skb || (hop.stage === STAGE.kfree_skb && reason === QUEUE_PURGE);
}

/**
 * TCP, and since 6.18 mostly UDP, too, frees what a socket took without a trace: the last to be heard of it is that it was received. What
 * goes on from there, or is dropped, is seen again; what waits for a neighbour shows in the copy that asks for it on another device, and
 * a fragment waits for the others.
 */
function isTakenInSilence({ isMain, lastCrossing, end, isHandedOver }: Life, { sightings }: Walk): boolean {
  if (!isMain || lastCrossing === null || end !== null || isHandedOver) return false;
  const { hop, packet, way } = lastCrossing;
  if (packet.kind !== 'data' || packet.fragment !== null) return false;
  if (way !== 'in' || hop.stage < STAGE.netif_receive_skb_entry) return false;
  return !sightings.some(
    (one) => one.hop.t > hop.t && isFree(one.hop) && !isLastFree(one.hop) && one.hop.device !== hop.device,
  );
}

/** UDP and TCP: it had reached its socket, which was closed before the program read it. */
function isLeftUnread({ lastCrossing, end }: KilledLife, reason: string | undefined): boolean {
  if (lastCrossing?.way !== 'in' || end.hop.device !== null) return false;
  return reason === QUEUE_PURGE || (reason === NOT_SPECIFIED && end.packet.protocol === 'udp');
}

/** The other holder of the data is the sender, which keeps what it may have to send again. */
function isHeldForRepeat({ end }: KilledLife, { sightings }: Walk): boolean {
  const isMadeHere = sightings.some(({ hop }) => (hop.flags & FLAG.FROM_HERE) !== 0);
  return end.packet.protocol === 'tcp' && end.hop.dataref <= 2 && isMadeHere;
}

function isKilled(life: Life): life is KilledLife {
  return life.end?.hop.stage === STAGE.kfree_skb && !life.isHandedOver;
}

/** Reassembly moved the packet into another fragment's skb, which was freed as a drop. */
function isKilledLater({ end, lastCrossing }: Life, { lives }: Walk): boolean {
  if (end === null || isLastFree(end.hop)) return false;
  return lives.some(
    (other) =>
      isKilled(other) &&
      other.end.hop.packet === end.hop.packet &&
      other.end.hop.device === lastCrossing?.hop.device &&
      other.end.hop.t >= end.hop.t &&
      isLastFree(other.end.hop),
  );
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
