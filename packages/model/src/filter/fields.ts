// The fields of the filter language: what each is called, what kind of value it has, and where an exchange has it.
// A field has as many values as the exchange has hops that say something about it.
import { type DeviceId, type Hop, type NetnsId, STAGE } from '@hopscope/protocol';
import type { Exchange, Journey } from '../exchange.ts';
import type { Packet } from '../packet.ts';
import { stageName } from '../stage-name.ts';

/**
 * `address`: IPv4 or IPv6, compared as a number, a prefix allowed. `duration`: nanoseconds, written with a unit. `flag`: true or absent;
 * stands alone.
 */
export type FieldType = 'address' | 'number' | 'duration' | 'text' | 'flag';
export type FieldValue = string | number | boolean;

/** What a filter is asked about. */
export interface FilterSubject {
  readonly exchange: Exchange;
  /** Every name of a namespace: container, `ip netns` name, process. */
  readonly namesOf: (netns: NetnsId) => readonly string[];
  /** The container's name; null when the namespace is no container's. */
  readonly containerOf: (netns: NetnsId) => string | null;
  /** The container's image; null when it is not known. */
  readonly imageOf: (netns: NetnsId) => string | null;
  /** Its compose project or pod namespace; null when it has none. */
  readonly projectOf: (netns: NetnsId) => string | null;
}

export interface Field {
  readonly type: FieldType;
  /** For completion and the help, in a few words. */
  readonly help: string;
  /** All values that there can be, where they are few. */
  readonly choices?: readonly string[];
  readonly values: (subject: FilterSubject) => readonly FieldValue[];
}

function journeysOf({ request, reply, errors }: Exchange): Journey[] {
  return [request, reply, ...errors].filter((journey) => journey !== null);
}

function packetsOf({ exchange }: FilterSubject): Packet[] {
  const packets = journeysOf(exchange).flatMap((journey) => journey.crossings.map((crossing) => crossing.packet));
  // A packet that died before it reached a device has no crossing.
  return exchange.drop === null ? packets : [...packets, exchange.drop.packet];
}

function hopsOf({ exchange }: FilterSubject): Hop[] {
  const hops = journeysOf(exchange).flatMap(({ crossings }) => crossings.flatMap((crossing) => crossing.hops));
  return exchange.drop === null ? hops : [...hops, exchange.drop.hop];
}

interface Place {
  readonly netns: NetnsId;
  readonly netnsInum: number;
  readonly ifname: string;
  readonly device: DeviceId | null;
}

function placesOf({ exchange }: FilterSubject): Place[] {
  const places: Place[] = journeysOf(exchange).flatMap((journey) => journey.crossings);
  const { drop } = exchange;
  if (drop?.netns == null) return places;
  return [...places, { netns: drop.netns, netnsInum: drop.hop.netnsInum, ifname: drop.ifname, device: drop.device }];
}

const unique = (values: readonly (FieldValue | null | undefined)[]): FieldValue[] => [
  ...new Set(values.filter((value) => value !== null && value !== undefined)),
];
const ofPackets = (read: (packet: Packet) => readonly (FieldValue | null | undefined)[]) => (subject: FilterSubject) =>
  unique(packetsOf(subject).flatMap(read));
const ofPlaces = (read: (place: Place, subject: FilterSubject) => readonly (FieldValue | null)[]) => {
  return (subject: FilterSubject) => unique(placesOf(subject).flatMap((place) => read(place, subject)));
};
const ofHops = (read: (hop: Hop) => FieldValue | null) => (subject: FilterSubject) => unique(hopsOf(subject).map(read));
const ofDrops = (read: (drop: NonNullable<Exchange['drop']>) => FieldValue) => (subject: FilterSubject) =>
  unique(journeysOf(subject.exchange).map(({ drop }) => (drop === null ? null : read(drop))));
const flag = (help: string, is: (exchange: Exchange) => boolean): Field => ({
  type: 'flag',
  help,
  values: ({ exchange }) => (is(exchange) ? [true] : []),
});

const VERDICTS = ['replied', 'delivered', 'dropped', 'error', 'lost-sight', 'in-flight', 'ambiguous'];
const JOINS = ['same-skb', 'same-data', 'nat', 'rebuilt', 'protocol'];

const TCP_FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'];
/** What a record says of a route lookup or of an error that was sent is no stage of the packet. */
const STAGES = Object.keys(STAGE).filter((name) => !['fib_table_lookup', 'icmp_send'].includes(name));

const portsOf = (kind: Exchange['kind']) => (subject: FilterSubject) =>
  subject.exchange.kind === kind ? ofPackets(({ ports }) => [ports?.src, ports?.dst])(subject) : [];

/** Of the first packet's first hop to the last hop of any. */
function durationOf({ exchange }: FilterSubject): FieldValue[] {
  const ends = journeysOf(exchange).map(({ endNs }) => endNs);
  return ends.length === 0 ? [] : [Math.max(...ends) - exchange.startNs];
}

export const FIELDS: Readonly<Record<string, Field>> = {
  'ip.addr': { type: 'address', help: 'any address that it wore', values: ofPackets(({ src, dst }) => [src, dst]) },
  'ip.src': { type: 'address', help: 'a source address', values: ofPackets(({ src }) => [src]) },
  'ip.dst': { type: 'address', help: 'a destination address', values: ofPackets(({ dst }) => [dst]) },
  'ip.version': { type: 'number', help: '4 or 6', choices: ['4', '6'], values: ({ exchange }) => [exchange.family] },
  'ip.ttl': { type: 'number', help: 'TTL or hop limit at a hop', values: ofPackets(({ ttl }) => [ttl]) },
  'ip.id': { type: 'number', help: 'IPv4 identification', values: ofPackets(({ ipId }) => [ipId]) },
  'ip.fragment': {
    type: 'flag',
    help: 'it travelled in fragments',
    values: ofPackets(({ fragment }) => [fragment === null ? null : true]),
  },
  'frame.len': { type: 'number', help: 'its length in bytes at a hop', values: ofHops(({ len }) => len) },
  'eth.addr': {
    type: 'text',
    help: 'any MAC address at a hop',
    values: ofPackets(({ mac }) => [mac?.src, mac?.dst]),
  },
  'eth.src': { type: 'text', help: 'a source MAC address at a hop', values: ofPackets(({ mac }) => [mac?.src]) },
  'eth.dst': { type: 'text', help: 'a destination MAC address at a hop', values: ofPackets(({ mac }) => [mac?.dst]) },
  'vlan.id': { type: 'number', help: 'a VLAN tag at a hop', values: ofPackets(({ vlans }) => vlans) },
  'tunnel.kind': {
    type: 'text',
    help: 'what it was wrapped in: vxlan, geneve, gre, …',
    values: ofPackets(({ outer }) => outer.map(({ kind }) => kind)),
  },
  'tunnel.id': {
    type: 'number',
    help: 'VNI or key of a tunnel around it',
    values: ofPackets(({ outer }) => outer.map(({ id }) => id)),
  },
  icmp: flag('an ICMP or ICMPv6 echo', ({ kind }) => kind === 'echo'),
  udp: flag('a UDP datagram', ({ kind }) => kind === 'udp'),
  tcp: flag('a TCP segment', ({ kind }) => kind === 'tcp'),
  'icmp.id': { type: 'number', help: 'id of the echo at a hop', values: ofPackets(({ icmp }) => [icmp?.id]) },
  'icmp.seq': { type: 'number', help: 'sequence number of the echo', values: ofPackets(({ icmp }) => [icmp?.seq]) },
  'icmp.type': { type: 'number', help: 'ICMP type, of errors too', values: ofPackets(({ icmp }) => [icmp?.type]) },
  'icmp.code': { type: 'number', help: 'ICMP code, of errors too', values: ofPackets(({ icmp }) => [icmp?.code]) },
  'icmp.error': flag('an ICMP error came back about it', ({ errors }) => errors.length > 0),
  'icmp.mtu': { type: 'number', help: 'next-hop MTU that an error names', values: ofPackets(({ mtu }) => [mtu]) },
  port: { type: 'number', help: 'a UDP or TCP port', values: ofPackets(({ ports }) => [ports?.src, ports?.dst]) },
  'port.src': { type: 'number', help: 'a source port', values: ofPackets(({ ports }) => [ports?.src]) },
  'port.dst': { type: 'number', help: 'a destination port', values: ofPackets(({ ports }) => [ports?.dst]) },
  'udp.port': { type: 'number', help: 'a port of a UDP datagram', values: portsOf('udp') },
  'tcp.port': { type: 'number', help: 'a port of a TCP segment', values: portsOf('tcp') },
  'tcp.flags': {
    type: 'text',
    help: 'a flag that is set',
    choices: TCP_FLAGS,
    values: ofPackets(({ tcp }) => TCP_FLAGS.filter((_, bit) => (tcp?.flags ?? 0) & (1 << bit))),
  },
  container: {
    type: 'text',
    help: 'a container that it touched',
    values: ofPlaces(({ netns }, { containerOf }) => [containerOf(netns)]),
  },
  image: {
    type: 'text',
    help: 'image of a container that it touched',
    values: ofPlaces(({ netns }, { imageOf }) => [imageOf(netns)]),
  },
  project: {
    type: 'text',
    help: 'compose project or pod namespace of one',
    values: ofPlaces(({ netns }, { projectOf }) => [projectOf(netns)]),
  },
  netns: {
    type: 'text',
    help: 'a namespace that it touched: name or inode number',
    values: ofPlaces(({ netns, netnsInum }, { namesOf }) => [...namesOf(netns), String(netnsInum)]),
  },
  'hop.ifname': { type: 'text', help: 'an interface that it crossed', values: ofPlaces(({ ifname }) => [ifname]) },
  'hop.device': {
    type: 'text',
    help: 'an interface with its namespace: web/eth0',
    values: ofPlaces(({ netns, netnsInum, ifname }, { namesOf }) =>
      [...namesOf(netns), String(netnsInum)].map((name) => `${name}/${ifname}`),
    ),
  },
  'hop.stage': {
    type: 'text',
    help: 'a stage that it went through: the tracepoint',
    choices: STAGES,
    values: ofHops(({ stage }) => stageName(stage)),
  },
  'hop.join': {
    type: 'text',
    help: 'why a hop is held to be the same packet',
    choices: JOINS,
    values: ({ exchange }) => unique(journeysOf(exchange).flatMap((one) => one.crossings.map(({ join }) => join))),
  },
  'hop.reason': { type: 'text', help: "the kernel's reason for a drop", values: ofDrops(({ reason }) => reason) },
  'hop.location': {
    type: 'text',
    help: 'the kernel function that dropped it',
    values: ofDrops(({ location }) => location),
  },
  hops: {
    type: 'number',
    help: 'devices crossed, out and back',
    values: ({ exchange }) => [journeysOf(exchange).reduce((sum, { crossings }) => sum + crossings.length, 0)],
  },
  rtt: {
    type: 'duration',
    help: 'round-trip time',
    values: ({ exchange }) => unique([exchange.rttNs]),
  },
  duration: { type: 'duration', help: 'first hop to last, replied or not', values: durationOf },
  verdict: {
    type: 'text',
    help: 'how it ended',
    choices: VERDICTS,
    values: ({ exchange }) => [exchange.verdict],
  },
  dropped: flag('a packet of it was dropped', ({ drop }) => drop !== null),
  unanswered: flag('it arrived, and no reply was seen', isUnanswered),
  nat: flag('its addresses were changed on the way', ({ tuples }) => isTranslated(tuples)),
  'other-way': flag('the reply took another way', ({ isOtherWayBack }) => isOtherWayBack === true),
  incomplete: flag('records were missed while it was under way', ({ incomplete }) => incomplete),
  packet: {
    type: 'number',
    help: 'the number that one of its packets has in this capture',
    values: ({ exchange }) => unique(journeysOf(exchange).flatMap(({ packets }) => packets)),
  },
};

function isUnanswered({ kind, verdict, request }: Exchange): boolean {
  return kind === 'echo' && verdict === 'lost-sight' && request?.verdict === 'delivered';
}

function isTranslated(tuples: Exchange['tuples']): boolean {
  return tuples.some((tuple, i) => tuples[i - 1]?.direction === tuple.direction);
}
