// Header bytes → what they say. Never reads past `hop.headers`; bytes that do not parse give null, not an exception.
import type { Hop } from '@hopscope/protocol';
import { macText } from './address-text.ts';
import { type IpHeader, isExtensionHeader, PROTOCOL_ICMP, PROTOCOL_ICMPV6, readIpHeader, u16 } from './ip-header.ts';

export interface Echo {
  readonly type: number;
  readonly code: number;
  readonly id: number;
  readonly seq: number;
}

/** A header in front of the packet that is followed: who carries it where. */
export interface Tunnel {
  /** `vxlan`, `geneve`, `gre`, `ipip`, `sit`, `ip6tnl`, … */
  readonly kind: string;
  readonly src: string;
  readonly dst: string;
  /** VNI or key; null where there is none. */
  readonly id: number | null;
}

export type Protocol = 'icmp' | 'icmp6' | 'udp' | 'tcp';

export interface Ports {
  readonly src: number;
  readonly dst: number;
}

/** The innermost packet. What it is wrapped in is in `outer`. */
export interface Packet {
  /** `request`, `reply`: of an echo. `data`: a UDP datagram or TCP segment. `fragment`: a later one, without an L4 header. */
  readonly kind: 'request' | 'reply' | 'error' | 'fragment' | 'data';
  readonly protocol: Protocol;
  readonly family: 4 | 6;
  /** Outermost first. */
  readonly outer: readonly Tunnel[];
  readonly src: string;
  readonly dst: string;
  /** TTL or hop limit. */
  readonly ttl: number;
  /** IPv4 identification or the IPv6 fragment header's; 0 = none. */
  readonly ipId: number;
  readonly fragment: { readonly offsetBytes: number; readonly more: boolean } | null;
  readonly mac: { readonly src: string; readonly dst: string } | null;
  /** Outermost first: accelerated tag, then those in the bytes. Ids without priority bits. */
  readonly vlans: readonly number[];
  /** Null in a later fragment and for UDP and TCP. For an error `id` and `seq` are 0. */
  readonly icmp: Echo | null;
  /** Null but for UDP and TCP. */
  readonly ports: Ports | null;
  /** Sequence numbers and flag bits of TCP. */
  readonly tcp: { readonly seq: number; readonly ack: number; readonly flags: number } | null;
  /** Next-hop MTU of an ICMP fragmentation needed or packet too big; else null. */
  readonly mtu: number | null;
  /** The packet an ICMP error quotes; null when its L4 header did not fit in the bytes. */
  readonly quoted: Quoted | null;
}

export interface Quoted {
  readonly protocol: Protocol;
  readonly src: string;
  readonly dst: string;
  readonly ipId: number;
  /** Of an echo, else null. */
  readonly icmp: Echo | null;
  /** Of UDP and TCP, else null. */
  readonly ports: Ports | null;
}

const ARPHRD_ETHER = 1;
const ARPHRD_LOOPBACK = 772; // Linux gives loopback packets an Ethernet header of zeros
const MAC_BYTES = 14;
const ICMP_BYTES = 8;
const VLAN_ID = 0x0fff;

const ETHERTYPE_AT = 12;
const TAGS = new Set([0x8100, 0x88a8, 0x9100]);

interface IcmpNumbers {
  readonly name: Protocol;
  readonly protocol: number;
  readonly request: number;
  readonly reply: number;
  /** Types that quote the packet they are about. */
  readonly errors: ReadonlySet<number>;
}

const ICMP4: IcmpNumbers = {
  name: 'icmp',
  protocol: PROTOCOL_ICMP,
  request: 8,
  reply: 0,
  errors: new Set([3, 4, 5, 11, 12]),
};
const ICMP6: IcmpNumbers = {
  name: 'icmp6',
  protocol: PROTOCOL_ICMPV6,
  request: 128,
  reply: 129,
  errors: new Set([1, 2, 3, 4]),
};

const NO_VLANS: readonly number[] = [];
const NO_TUNNELS: readonly Tunnel[] = [];

function numbersOf(family: 4 | 6): IcmpNumbers {
  return family === 4 ? ICMP4 : ICMP6;
}

/** Null when the bytes hold neither an ICMP echo, an ICMP error, nor a later fragment that may be of one. */
export function parsePacket(hop: Hop): Packet | null {
  const bytes = hop.headers;
  const ip = readIpHeader(bytes, hop.l3Offset);
  if (ip === null) return null;
  const numbers = numbersOf(ip.family);
  let kind: Packet['kind'];
  let icmp: Echo | null = null;
  let quoted: Packet['quoted'] = null;
  if (ip.fragment !== null && ip.fragment.offsetBytes > 0) {
    // In IPv6 the first fragment may carry more extension headers, so a later one can name them instead of ICMPv6.
    if (ip.protocol !== numbers.protocol && !(ip.family === 6 && isExtensionHeader(ip.protocol))) return null;
    kind = 'fragment';
  } else {
    const echo = readIcmp(bytes, ip, numbers);
    if (echo === null) return null;
    if (echo.type === numbers.request) kind = 'request';
    else if (echo.type === numbers.reply) kind = 'reply';
    else if (numbers.errors.has(echo.type)) kind = 'error';
    else return null;
    if (kind === 'error') {
      icmp = { type: echo.type, code: echo.code, id: 0, seq: 0 };
      quoted = readQuoted(bytes, ip.payload + ICMP_BYTES, ip.family);
    } else icmp = echo;
  }
  const hasMac = (hop.linkType === ARPHRD_ETHER || hop.linkType === ARPHRD_LOOPBACK) && hop.l3Offset >= MAC_BYTES;
  return {
    kind,
    protocol: numbers.name,
    family: ip.family,
    outer: NO_TUNNELS,
    src: ip.src,
    dst: ip.dst,
    ttl: ip.ttl,
    ipId: ip.id,
    fragment: ip.fragment,
    mac: hasMac ? { dst: macText(bytes, 0), src: macText(bytes, 6) } : null,
    vlans: readVlans(hop, hasMac),
    icmp,
    ports: null,
    tcp: null,
    mtu: kind === 'error' && icmp !== null ? readMtu(bytes, ip, icmp) : null,
    quoted,
  };
}

/** RFC 1191: the last two bytes of an ICMP header; RFC 4443: all four. */
function readMtu(bytes: Uint8Array, ip: IpHeader, { type, code }: Echo): number | null {
  const at = ip.payload + 4;
  if (ip.family === 4) return type === 3 && code === 4 ? u16(bytes, at + 2) : null;
  return type === 2 ? u16(bytes, at) * 0x1_0000 + u16(bytes, at + 2) : null;
}

function readIcmp(bytes: Uint8Array, ip: IpHeader, numbers: IcmpNumbers): Echo | null {
  const at = ip.payload;
  if (ip.protocol !== numbers.protocol || at + ICMP_BYTES > bytes.length) return null;
  return { type: bytes[at] ?? 0, code: bytes[at + 1] ?? 0, id: u16(bytes, at + 4), seq: u16(bytes, at + 6) };
}

function readQuoted(bytes: Uint8Array, at: number, family: 4 | 6): Packet['quoted'] {
  const ip = readIpHeader(bytes, at);
  if (ip === null || ip.family !== family || (ip.fragment !== null && ip.fragment.offsetBytes > 0)) return null;
  const numbers = numbersOf(family);
  const icmp = readIcmp(bytes, ip, numbers);
  if (icmp === null || (icmp.type !== numbers.request && icmp.type !== numbers.reply)) return null;
  return { protocol: numbers.name, src: ip.src, dst: ip.dst, ipId: ip.id, icmp, ports: null };
}

function readVlans(hop: Hop, hasMac: boolean): readonly number[] {
  const bytes = hop.headers;
  const tagged = hasMac && TAGS.has(u16(bytes, ETHERTYPE_AT));
  if (hop.vlan === null && !tagged) return NO_VLANS;
  const vlans = hop.vlan === null ? [] : [hop.vlan.tci & VLAN_ID];
  for (let at = ETHERTYPE_AT; hasMac && at + 4 <= hop.l3Offset && TAGS.has(u16(bytes, at)); at += 4) {
    vlans.push(u16(bytes, at + 2) & VLAN_ID);
  }
  return vlans;
}
