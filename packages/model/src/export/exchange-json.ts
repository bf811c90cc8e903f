// An exchange and a path as JSON objects, for the terminal and for the page. docs/json.md says what each field means; change both together.
import type { DeviceId, Evidence, NetnsId } from '@hopscope/protocol';
import type { Crossing, Exchange, Journey } from '../exchange.ts';
import { roundTripsOf } from '../exchange-times.ts';
import { icmpErrorText } from '../icmp-error-text.ts';
import type { HopReport, PathReport } from '../path-statistics/path-report.ts';
import type { TimeStatistics } from '../path-statistics/time-statistics.ts';
import { quotedJourney } from '../quoted-journey.ts';
import { stageName } from '../stage-name.ts';

type Json = Readonly<Record<string, unknown>>;

/** What the topology and the machine's tables have to say. */
export interface JsonSurroundings {
  /** The namespace's title; empty while nobody knows it. */
  netnsName(netns: NetnsId | null): string;
  /** What is known about the exchange's drop, or why nobody answers it, and in a sentence; empty when there is nothing to say. */
  explain(exchange: Exchange): { readonly evidence: Evidence; readonly sentence: string };
}

export interface JsonContext {
  /** ns since the epoch of packet time 0 */
  readonly epochNs: bigint;
  readonly surroundings: JsonSurroundings;
}

const journeysOf = ({ request, reply, errors }: Exchange): Journey[] =>
  [request, reply, ...errors].filter((journey) => journey !== null);

export function exchangeJson(exchange: Exchange, context: JsonContext): Json {
  const hops = hopsInOrder(exchange).map((hop) => hopJson(hop, exchange, context));
  return { ...beforeHops(exchange, context), hops, ...afterHops(exchange, context) };
}

/** Its fields up to `hops`. */
export function beforeHops(exchange: Exchange, context: JsonContext): Json {
  const { kind, verdict, startNs } = exchange;
  return {
    type: 'exchange',
    t: String(context.epochNs + BigInt(startNs)),
    id: exchange.id,
    kind,
    protocol: exchange.protocol,
    family: exchange.family,
    src: exchange.src,
    dst: exchange.dst,
    icmp: kind === 'echo' ? { id: exchange.icmpId, seq: exchange.icmpSeq } : null,
    ports: exchange.ports,
    verdict,
    rttNs: exchange.rttNs,
    tuples: exchange.tuples.map(({ direction, src, dst, icmpId, ports, device }) => ({
      kind: direction,
      src,
      dst,
      ...(ports === null ? { icmpId } : { ports }),
      ...placeOfDevice(exchange, device, context),
    })),
  };
}

/** Its fields after `hops`. */
export function afterHops(exchange: Exchange, context: JsonContext): Json {
  return {
    join: exchange.join,
    drop: dropOf(exchange, context),
    ...unansweredOf(exchange, context),
    errors: exchange.errors.map((error) => errorOf(error, exchange)),
    otherWayBack: exchange.isOtherWayBack,
    incomplete: exchange.incomplete,
  };
}

type Device = Pick<Crossing, 'netns' | 'netnsInum' | 'ifindex' | 'ifname'>;

function place({ netns, netnsInum, ifindex, ifname }: Device, { surroundings }: JsonContext): Json {
  return { netns: netnsInum, netnsName: surroundings.netnsName(netns), ifindex, ifname };
}

function placeOfDevice(exchange: Exchange, device: DeviceId | null, context: JsonContext): Json {
  for (const { crossings } of journeysOf(exchange)) {
    const crossing = crossings.find((one) => one.device === device);
    if (crossing !== undefined) return place(crossing, context);
  }
  return { netns: 0, netnsName: '', ifindex: 0, ifname: '' };
}

/** A device crossing of one of its packets. */
export interface JsonHop {
  readonly direction: Journey['direction'];
  readonly crossing: Crossing;
  readonly rttNs: number | null;
}

/** Those of all its packets, in order of time. */
export function hopsInOrder(exchange: Exchange): JsonHop[] {
  const trips = roundTripsOf(exchange);
  const hops: JsonHop[] = [];
  let next = 0;
  for (const { direction, crossings } of journeysOf(exchange)) {
    for (const crossing of crossings) {
      // One for each crossing of the request but those of later fragments.
      const trip = direction === 'request' && crossing.packet.kind !== 'fragment' ? trips[next++] : undefined;
      hops.push({ direction, crossing, rttNs: trip?.rttNs ?? null });
    }
  }
  return hops.sort((a, b) => a.crossing.t - b.crossing.t);
}

/** exchange-text.ts writes the same fields. */
function hopJson({ direction, crossing, rttNs }: JsonHop, { startNs }: Exchange, context: JsonContext): Json {
  const { packet, way, join, t, hops } = crossing;
  return {
    kind: direction,
    ...place(crossing, context),
    way,
    sinceNs: t - startNs,
    join,
    src: packet.src,
    dst: packet.dst,
    ttl: packet.ttl,
    ...(packet.vlans.length === 0 ? {} : { vlans: packet.vlans }),
    ...(packet.outer.length === 0 ? {} : { tunnels: packet.outer }),
    stages: hops.map((each) => ({ stage: stageName(each.stage), sinceNs: each.t - startNs })),
    ...(rttNs === null ? {} : { rttNs }),
  };
}

function dropOf(exchange: Exchange, { surroundings }: JsonContext): Json | null {
  const { drop } = exchange;
  if (drop === null) return null;
  const { evidence, sentence } = surroundings.explain(exchange);
  return {
    reason: drop.reason,
    location: drop.location,
    netns: drop.hop.netnsInum,
    netnsName: surroundings.netnsName(drop.netns),
    ifname: drop.ifname,
    sinceNs: drop.t - exchange.startNs,
    evidence,
    sentence,
  };
}

/** A request that arrived, was dropped by nothing, and is not answered for a reason that is known. */
function unansweredOf(exchange: Exchange, { surroundings }: JsonContext): Json {
  if (exchange.drop !== null) return {};
  const { evidence, sentence } = surroundings.explain(exchange);
  return sentence === '' ? {} : { unanswered: { evidence, sentence } };
}

function errorOf(error: Journey, exchange: Exchange): Json {
  const packet = error.crossings[0]?.packet ?? error.drop?.packet;
  const { icmp, quoted, mtu } = packet ?? { icmp: null, quoted: null, mtu: null };
  return {
    type: icmp?.type ?? null,
    code: icmp?.code ?? null,
    text: icmp === null ? '' : icmpErrorText(error.family, icmp.type, icmp.code),
    from: error.src,
    to: error.dst,
    about: quotedJourney(error, exchange)?.direction ?? null,
    quoted:
      quoted === null ? null : { protocol: quoted.protocol, src: quoted.src, dst: quoted.dst, ...quotedIds(quoted) },
    mtu,
    verdict: error.verdict,
  };
}

function quotedIds({ icmp, ports }: Pick<NonNullable<Crossing['packet']['quoted']>, 'icmp' | 'ports'>): Json {
  return { ...(icmp === null ? {} : { id: icmp.id, seq: icmp.seq }), ...(ports === null ? {} : { ports }) };
}

export function pathJson(path: PathReport, context: JsonContext): Json {
  const { id, kind, protocol, family, src, dst, sent, verdicts, unclear } = path;
  return {
    type: 'path',
    t: String(context.epochNs + BigInt(path.lastNs)),
    id,
    kind,
    protocol,
    family,
    src,
    dst,
    sent,
    verdicts,
    unclear,
    hops: path.hops.map((hop) => pathHopJson(hop, context)),
    drops: path.drops.map(({ direction, reason, location, netns, ifname, count }) => ({
      kind: direction,
      reason,
      location,
      netnsName: context.surroundings.netnsName(netns),
      ifname,
      count,
    })),
  };
}

function pathHopJson(hop: HopReport, context: JsonContext): Json {
  return {
    kind: hop.direction,
    ...place(hop, context),
    way: hop.way,
    sent: hop.sent,
    seen: hop.seen,
    lossPercent: hop.loss * 100,
    sinceStart: timesJson(hop.sinceStart),
    roundTrip: timesJson(hop.roundTrip),
  };
}

/** Means and deviations have more digits than they mean: whole ns are enough. */
function timesJson(times: TimeStatistics | null): Json | null {
  if (times === null) return null;
  return Object.fromEntries(Object.entries(times).map(([name, value]) => [name, Math.round(value)]));
}
