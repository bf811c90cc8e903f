// Journeys as a pcapng file: what Wireshark, tshark and tcpdump open.
//
// One interface for each device of each namespace, with its name and what it is; one packet for each hop (or one for each journey), with
// its time in ns, direction, packet id and a comment that says which hop of which exchange it is and how that ended. The format is
// https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-05.html; all blocks are little-endian.
import { FLAG, type Hop, type Link, STAGE, type Topology } from '@hopscope/protocol';
import type { Exchange, Journey } from '../exchange.ts';
import { readIpHeader, u16 } from '../ip-header.ts';
import { plainText } from './plain-text.ts';

export interface PcapngOptions {
  /** ns since the epoch of packet time 0. */
  readonly epochNs: bigint;
  /** `hops`: a packet for each device crossed, and for the drop. `journeys`: one where each journey began. */
  readonly each: 'hops' | 'journeys';
  /** Shown as the program that wrote the file. */
  readonly application: string;
  /** Shown as the operating system. */
  readonly system: string;
}

/** As they are when the exchange is added. */
export interface PcapngSurroundings {
  readonly topology: Topology;
  /** A namespace's title. */
  readonly titleOf: (netns: NonNullable<Hop['netns']>) => string;
  /** What is to be said of its drop; empty when nothing is. */
  readonly sentenceOf: (exchange: Exchange) => string;
}

export interface PcapngWriter {
  /** The section's block: the file begins with it. */
  readonly head: Uint8Array;
  /** @returns blocks that come next in the file: packets wait until no earlier one is to be expected */
  add(exchange: Exchange, surroundings: PcapngSurroundings): Uint8Array[];
  /** @returns the rest */
  finish(): Uint8Array[];
}

const BLOCK_SECTION = 0x0a0d0d0a;
const BLOCK_INTERFACE = 1;
const BLOCK_PACKET = 6;
const OPTION_END = 0;
const OPTION_COMMENT = 1;
const SECTION_OS = 3;
const SECTION_APPLICATION = 4;
const INTERFACE_NAME = 2;
const INTERFACE_DESCRIPTION = 3;
const INTERFACE_RESOLUTION = 9;
const PACKET_FLAGS = 2;
const PACKET_ID = 5;
const LINKTYPE_ETHERNET = 1;
const LINKTYPE_RAW = 101;
const ETHERNET_BYTES = 14;
const ARPHRD_ETHER = 1;
const ARPHRD_LOOPBACK = 772;
const ETHERTYPE_AT = 12;
const INBOUND = 1;
const OUTBOUND = 2;

const encoder = new TextEncoder();

/** Exchanges come when they are over, the longest-lived last: a packet waits this long for an earlier one. */
const LATE_NS = 3_000_000_000;
/** Packets are put in order this many at a time at least. */
const SORT_AT = 4096;
/** Beyond it the oldest are written, in order or not: some 60 MB. */
const WAITING_MAX = 100_000;

/** No machine has that many; those beyond share one. */
const INTERFACES_MAX = 65_536;

interface Waiting extends CommentedHop {
  readonly interfaceId: number;
}

export function createPcapngWriter(options: PcapngOptions): PcapngWriter {
  const interfaces = new Map<string, number>();
  /** Of interfaces without a packet in the file. */
  let newInterfaces: Uint8Array[] = [];
  let waiting: Waiting[] = [];
  let sortAt = SORT_AT;
  let newestNs = 0;

  function interfaceOf(hop: Hop, surroundings: PcapngSurroundings): number {
    const linkType = isEthernet(hop) ? LINKTYPE_ETHERNET : LINKTYPE_RAW;
    const key = `${hop.device} ${linkType}`;
    const known = interfaces.get(key);
    if (known !== undefined) return known;
    const isMore = interfaces.size >= INTERFACES_MAX;
    const rest = `more ${linkType}`;
    const id = (isMore ? interfaces.get(rest) : undefined) ?? interfaces.size;
    if (id === interfaces.size) {
      interfaces.set(isMore ? rest : key, id);
      newInterfaces.push(isMore ? moreBlock(linkType) : interfaceBlock(hop, linkType, surroundings));
    }
    return id;
  }

  function take(untilNs: number): Uint8Array[] {
    waiting.sort((a, b) => a.hop.t - b.hop.t);
    const late = waiting.findIndex(({ hop }) => hop.t > untilNs);
    const ready = late < 0 ? waiting.length : late;
    const count = Math.max(ready, waiting.length - WAITING_MAX);
    const packets = waiting.slice(0, count).map((one) => packetBlock(one, options.epochNs));
    waiting = waiting.slice(count);
    const blocks = [...newInterfaces, ...packets];
    newInterfaces = [];
    sortAt = Math.max(SORT_AT, Math.min(2 * waiting.length, WAITING_MAX + SORT_AT));
    return blocks;
  }

  return {
    head: sectionBlock(options),
    add(exchange, surroundings) {
      for (const journey of [exchange.request, exchange.reply, ...exchange.errors]) {
        if (journey === null) continue;
        const sentence = journey.drop === null ? '' : surroundings.sentenceOf(exchange);
        for (const one of packetsOf(exchange, journey, options.each, sentence)) {
          waiting.push({ ...one, interfaceId: interfaceOf(one.hop, surroundings) });
          newestNs = Math.max(newestNs, one.hop.t);
        }
      }
      return waiting.length < sortAt ? [] : take(newestNs - LATE_NS);
    },
    finish: () => take(Number.POSITIVE_INFINITY),
  };
}

/** Other link types have no header that pcapng has a name for here: of them the file shows what begins with IP. */
function isEthernet({ linkType, l3Offset }: Hop): boolean {
  return (linkType === ARPHRD_ETHER || linkType === ARPHRD_LOOPBACK) && l3Offset >= ETHERNET_BYTES;
}

interface CommentedHop {
  readonly hop: Hop;
  readonly comment: string;
}

function packetsOf(
  exchange: Exchange,
  journey: Journey,
  each: PcapngOptions['each'],
  sentence: string,
): CommentedHop[] {
  const { crossings, drop } = journey;
  const total = crossings.length;
  const about = `${journey.direction} of exchange ${exchange.id}, ${exchange.verdict}`;
  const lost = exchange.incomplete ? ', incomplete: records were missed' : '';
  const dead = drop === null ? '' : `${drop.reason}${drop.location === '' ? '' : ` at ${drop.location}`}`;
  const why = sentence === '' ? '' : `. ${sentence}`;
  if (each === 'journeys') {
    const first = crossings[0]?.hops[0] ?? drop?.hop;
    const end = dead === '' ? `journey ${journey.verdict}` : `dropped: ${dead}`;
    return first === undefined ? [] : [{ hop: first, comment: `${about}, ${total} hops, ${end}${lost}${why}` }];
  }
  const hops: CommentedHop[] = crossings.flatMap(({ hops: [hop], join }, i) =>
    hop === undefined ? [] : [{ hop, comment: `hop ${i + 1} of ${total}, ${about}, join ${join}${lost}` }],
  );
  return drop === null ? hops : [...hops, { hop: drop.hop, comment: `dropped: ${dead}, ${about}${lost}${why}` }];
}

function sectionBlock({ application, system }: PcapngOptions): Uint8Array {
  const body = new Uint8Array(16);
  const view = new DataView(body.buffer);
  view.setUint32(0, 0x1a2b3c4d, true);
  view.setUint16(4, 1, true);
  view.setBigInt64(8, -1n, true); // length of the section: not said
  return block(BLOCK_SECTION, body, [textOption(SECTION_OS, system), textOption(SECTION_APPLICATION, application)]);
}

function interfaceBlock(hop: Hop, linkType: number, { topology, titleOf }: PcapngSurroundings): Uint8Array {
  const body = new Uint8Array(8);
  new DataView(body.buffer).setUint16(0, linkType, true);
  const title = hop.netns === null ? '' : titleOf(hop.netns);
  const name = hop.device === null ? 'no device' : `${title}/${hop.ifname}`;
  const link = findLink(topology, hop);
  return block(BLOCK_INTERFACE, body, [
    textOption(INTERFACE_NAME, name),
    textOption(INTERFACE_DESCRIPTION, describe(hop, link)),
    { code: INTERFACE_RESOLUTION, value: Uint8Array.of(9) },
  ]);
}

function moreBlock(linkType: number): Uint8Array {
  const body = new Uint8Array(8);
  new DataView(body.buffer).setUint16(0, linkType, true);
  return block(BLOCK_INTERFACE, body, [
    textOption(INTERFACE_NAME, `more than ${INTERFACES_MAX} devices`),
    { code: INTERFACE_RESOLUTION, value: Uint8Array.of(9) },
  ]);
}

function findLink(topology: Topology, { netns, ifindex }: Hop): Link | undefined {
  return topology.namespaces.find(({ id }) => id === netns)?.links.find((link) => link.ifindex === ifindex);
}

function describe(hop: Hop, link: Link | undefined): string {
  const place = `namespace ${hop.netnsInum}, ifindex ${hop.ifindex}`;
  if (link === undefined) return place;
  const addresses = link.addresses.map(({ address, prefix }) => `${address}/${prefix}`);
  return [link.kind, ...addresses, place].join(', ');
}

function packetBlock({ hop, interfaceId, comment }: Waiting, epochNs: bigint): Uint8Array {
  const bytes = isEthernet(hop) ? withTag(hop) : hop.headers.subarray(hop.l3Offset);
  const padded = Math.ceil(bytes.length / 4) * 4;
  const body = new Uint8Array(20 + padded);
  const view = new DataView(body.buffer);
  const t = epochNs + BigInt(Math.round(hop.t));
  view.setUint32(0, interfaceId, true);
  view.setUint32(4, Number(t >> 32n), true);
  view.setUint32(8, Number(t & 0xffff_ffffn), true);
  view.setUint32(12, bytes.length, true);
  view.setUint32(16, Math.max(bytes.length, wireBytes(hop) + bytes.length - hop.headers.length), true);
  body.set(bytes, 20);
  const flags = new Uint8Array(4);
  flags[0] = isWayIn(hop.stage) ? INBOUND : OUTBOUND;
  const packet = new Uint8Array(8);
  new DataView(packet.buffer).setBigUint64(0, BigInt(hop.packet), true);
  return block(BLOCK_PACKET, body, [
    textOption(OPTION_COMMENT, comment),
    // Where a packet was freed, it was going neither way.
    ...(isFree(hop.stage) ? [] : [{ code: PACKET_FLAGS, value: flags }]),
    { code: PACKET_ID, value: packet },
  ]);
}

function isWayIn(stage: number): boolean {
  return stage >= STAGE.netif_rx && stage <= STAGE.netif_receive_skb;
}

/**
 * skb->len counts from where the stage has its data: on the way in, the MAC header is already behind. Where a packet was freed it may be
 * anywhere: there the IP header tells.
 */
function wireBytes({ len, headers, l3Offset, stage }: Hop): number {
  if (isWayIn(stage)) return len + l3Offset;
  if (!isFree(stage)) return len;
  const ip = readIpHeader(headers, l3Offset);
  const ipBytes = ip === null ? 0 : ip.family === 4 ? u16(headers, l3Offset + 2) : u16(headers, l3Offset + 4) + 40;
  return Math.max(len, l3Offset + ipBytes);
}

const isFree = (stage: number) => stage === STAGE.kfree_skb || stage === STAGE.consume_skb;

/** The header bytes, with the VLAN tag that the kernel keeps beside them put back in front of the EtherType. */
function withTag({ headers, flags, vlan, l3Offset }: Hop): Uint8Array {
  if (vlan === null || (flags & FLAG.VLAN) === 0 || l3Offset < ETHERNET_BYTES) return headers;
  const { protocol, tci } = vlan;
  const tag = [protocol >> 8, protocol & 255, tci >> 8, tci & 255];
  return Uint8Array.of(...headers.subarray(0, ETHERTYPE_AT), ...tag, ...headers.subarray(ETHERTYPE_AT));
}

interface Option {
  readonly code: number;
  readonly value: Uint8Array;
}

/** An option holds at most 65,535 bytes; a text that long is no name. */
const TEXT_MAX = 1000;

function textOption(code: number, text: string): Option {
  return { code, value: encoder.encode(plainText([...text].slice(0, TEXT_MAX).join(''))) };
}

function block(type: number, body: Uint8Array, options: readonly Option[]): Uint8Array {
  const padded = (bytes: number) => Math.ceil(bytes / 4) * 4;
  const optionBytes = options.reduce((sum, { value }) => sum + 4 + padded(value.length), 4);
  const length = 12 + body.length + optionBytes;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  bytes.set(body, 8);
  let at = 8 + body.length;
  for (const { code, value } of options) {
    view.setUint16(at, code, true);
    view.setUint16(at + 2, value.length, true);
    bytes.set(value, at + 4);
    at += 4 + padded(value.length);
  }
  view.setUint16(at, OPTION_END, true);
  view.setUint32(length - 4, length, true);
  return bytes;
}
