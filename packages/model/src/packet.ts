// Header bytes → what they say. Never reads past `hop.headers`; bytes that do not parse give null, not an exception.
import { FLAG, type Hop } from '@hopscope/protocol';
import { macText } from './address-text.ts';
import {
  type IpHeader,
  isExtensionHeader,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  readIpHeader,
  u16,
} from './ip-header.ts';
import { readTunnel, type Tunnel } from './tunnel.ts';

export type { Tunnel } from './tunnel.ts';

export interface Echo {
  readonly type: number;
  readonly code: number;
  readonly id: number;
  readonly seq: number;
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
  /** In front of this packet, inside its tunnels; null where there is none. */
  readonly mac: { readonly src: string; readonly dst: string } | null;
  /** Outermost first: accelerated tag, then those in the bytes. Ids without priority bits. */
  readonly vlans: readonly number[];
  /** Null in a later fragment, for UDP and TCP, and where the bytes end before it does. For an error `id` and `seq` are 0. */
  readonly icmp: Echo | null;
  /** Null but for UDP and TCP. */
  readonly ports: Ports | null;
  /** Sequence numbers and flag bits (0x01 FIN … 0x80 CWR) of TCP; null where the bytes end before them. */
  readonly tcp: { readonly seq: number; readonly ack: number; readonly flags: number } | null;
  /** Next-hop MTU of an ICMP fragmentation needed or packet too big, where it names one; else null. */
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
  /** Sequence number of TCP, else null. */
  readonly seq: number | null;
}

const ARPHRD_ETHER = 1;
const ARPHRD_LOOPBACK = 772; // Linux gives loopback packets an Ethernet header of zeros
const MAC_BYTES = 14;
const ICMP_BYTES = 8;
const ICMP_TYPE_BYTES = 4; // type, code, checksum: as much as says what kind it is
const PORT_BYTES = 4;
const TCP_FLAGS_AT = 13;
const VLAN_ID = 0x0fff;

const ETHERTYPE_AT = 12;
const TAG_BYTES = 4;
const TAGS = new Set([0x8100, 0x88a8, 0x9100]);
const ETHERTYPES_IP = new Set([0x0800, 0x86dd]);

/** A tunnel in a tunnel is ordinary (VXLAN over WireGuard aside, which hides it), three are a mistake or an attack. */
const TUNNELS_MAX = 2;

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

/**
 * Null when the bytes hold no ICMP echo, ICMP error, UDP or TCP header, nor a later fragment that may be of one; also when they end
 * inside a tunnel's headers, or more than two tunnels are stacked.
 */
export function parsePacket(hop: Hop): Packet | null {
  const bytes = hop.headers;
  const hasOuterMac = (hop.linkType === ARPHRD_ETHER || hop.linkType === ARPHRD_LOOPBACK) && hop.l3Offset >= MAC_BYTES;
  const found = unwrap(hop, hasOuterMac ? 0 : null);
  if (found === null) return null;
  const { ip, outer, macAt, tags } = found;
  const content = readContent(bytes, ip);
  if (content === null) return null;
  return {
    kind: content.kind,
    protocol: content.protocol,
    family: ip.family,
    outer,
    src: ip.src,
    dst: ip.dst,
    ttl: ip.ttl,
    ipId: ip.id,
    fragment: ip.fragment,
    mac: macAt === null ? null : { dst: macText(bytes, macAt), src: macText(bytes, macAt + 6) },
    vlans: readVlans(hop, hasOuterMac, tags),
    icmp: content.icmp,
    ports: content.ports,
    tcp: content.tcp,
    mtu: content.mtu,
    quoted: content.quoted,
  };
}

interface Unwrapped {
  readonly ip: IpHeader;
  readonly outer: readonly Tunnel[];
  readonly macAt: number | null;
  /** VLAN ids inside the tunnels. */
  readonly tags: readonly number[];
}

/** Steps over tunnels, to the innermost IP header. */
function unwrap({ headers: bytes, l3Offset, flags }: Hop, outerMacAt: number | null): Unwrapped | null {
  const isCut = (flags & FLAG.CUT) !== 0;
  let ip = readIpHeader(bytes, l3Offset);
  let macAt = outerMacAt;
  let outer = NO_TUNNELS;
  let tags = NO_VLANS;
  while (ip !== null && !isLaterFragment(ip)) {
    const inside = readTunnel(bytes, ip, isCut);
    if (inside === null) break;
    if (inside === 'cut' || outer.length === TUNNELS_MAX) return null;
    outer = [...outer, { kind: inside.kind, src: ip.src, dst: ip.dst, id: inside.id }];
    let at = inside.at;
    macAt = null;
    if (inside.hasMac) {
      macAt = at;
      at += ETHERTYPE_AT;
      while (TAGS.has(u16(bytes, at)) && at + TAG_BYTES <= bytes.length) {
        tags = [...tags, u16(bytes, at + 2) & VLAN_ID];
        at += TAG_BYTES;
      }
      if (!ETHERTYPES_IP.has(u16(bytes, at))) return null;
      at += 2;
    }
    ip = readIpHeader(bytes, at);
  }
  return ip === null ? null : { ip, outer, macAt, tags };
}

function isLaterFragment({ fragment }: IpHeader): boolean {
  return fragment !== null && fragment.offsetBytes > 0;
}

type Content = Pick<Packet, 'kind' | 'protocol' | 'icmp' | 'ports' | 'tcp' | 'mtu' | 'quoted'>;

function readContent(bytes: Uint8Array, ip: IpHeader): Content | null {
  const numbers = numbersOf(ip.family);
  if (isLaterFragment(ip)) {
    const protocol = protocolOfFragment(ip, numbers);
    return protocol && { kind: 'fragment', protocol, icmp: null, ports: null, tcp: null, mtu: null, quoted: null };
  }
  if (ip.protocol === numbers.protocol) return readIcmpContent(bytes, ip, numbers);
  const protocol = transportOf(ip);
  const ports = readPorts(bytes, ip);
  if (protocol === null || ports === null) return null;
  const tcp = protocol === 'tcp' ? readTcp(bytes, ip.payload) : null;
  return { kind: 'data', protocol, icmp: null, ports, tcp, mtu: null, quoted: null };
}

function readIcmpContent(bytes: Uint8Array, ip: IpHeader, numbers: IcmpNumbers): Content | null {
  const at = ip.payload;
  if (at + ICMP_TYPE_BYTES > bytes.length) return null;
  const protocol = numbers.name;
  const type = bytes[at] ?? 0;
  if (type === numbers.request || type === numbers.reply) {
    const icmp = readIcmp(bytes, ip, numbers);
    const kind = type === numbers.request ? 'request' : 'reply';
    return { kind, protocol, icmp, ports: null, tcp: null, mtu: null, quoted: null };
  }
  if (!numbers.errors.has(type)) return null;
  const icmp = { type, code: bytes[at + 1] ?? 0, id: 0, seq: 0 };
  const quoted = readQuoted(bytes, at + ICMP_BYTES, ip.family);
  return { kind: 'error', protocol, icmp, ports: null, tcp: null, mtu: readMtu(bytes, ip, icmp), quoted };
}

function protocolOfFragment(ip: IpHeader, numbers: IcmpNumbers): Protocol | null {
  if (ip.protocol === numbers.protocol) return numbers.name;
  // In IPv6 the first fragment may carry more extension headers, so a later one can name them instead of ICMPv6.
  return transportOf(ip) ?? (ip.family === 6 && isExtensionHeader(ip.protocol) ? numbers.name : null);
}

function transportOf({ protocol }: IpHeader): 'udp' | 'tcp' | null {
  if (protocol === PROTOCOL_UDP) return 'udp';
  return protocol === PROTOCOL_TCP ? 'tcp' : null;
}

function readPorts(bytes: Uint8Array, ip: IpHeader): Ports | null {
  const at = ip.payload;
  return at + PORT_BYTES > bytes.length ? null : { src: u16(bytes, at), dst: u16(bytes, at + 2) };
}

function readTcp(bytes: Uint8Array, at: number): Packet['tcp'] {
  if (at + TCP_FLAGS_AT >= bytes.length) return null;
  return { seq: u32(bytes, at + 4), ack: u32(bytes, at + 8), flags: bytes[at + TCP_FLAGS_AT] ?? 0 };
}

function u32(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) * 0x1_0000 + u16(bytes, at + 2);
}

/** RFC 1191: the last two bytes of an ICMP header; RFC 4443: all four. Routers older than RFC 1191 say 0. */
function readMtu(bytes: Uint8Array, ip: IpHeader, { type, code }: Echo): number | null {
  const at = ip.payload + 4;
  if (at + 4 > bytes.length) return null;
  const isTooBig = ip.family === 4 ? type === 3 && code === 4 : type === 2;
  const mtu = ip.family === 4 ? u16(bytes, at + 2) : u32(bytes, at);
  return isTooBig && mtu > 0 ? mtu : null;
}

function readIcmp(bytes: Uint8Array, ip: IpHeader, numbers: IcmpNumbers): Echo | null {
  const at = ip.payload;
  if (ip.protocol !== numbers.protocol || at + ICMP_BYTES > bytes.length) return null;
  return { type: bytes[at] ?? 0, code: bytes[at + 1] ?? 0, id: u16(bytes, at + 4), seq: u16(bytes, at + 6) };
}

function readQuoted(bytes: Uint8Array, at: number, family: 4 | 6): Quoted | null {
  const ip = readIpHeader(bytes, at);
  if (ip === null || ip.family !== family || isLaterFragment(ip)) return null;
  const { src, dst, id: ipId } = ip;
  const protocol = transportOf(ip);
  if (protocol !== null) {
    const ports = readPorts(bytes, ip);
    const hasSeq = protocol === 'tcp' && ip.payload + 8 <= bytes.length;
    return ports && { protocol, src, dst, ipId, icmp: null, ports, seq: hasSeq ? u32(bytes, ip.payload + 4) : null };
  }
  const numbers = numbersOf(family);
  const icmp = readIcmp(bytes, ip, numbers);
  if (icmp === null || (icmp.type !== numbers.request && icmp.type !== numbers.reply)) return null;
  return { protocol: numbers.name, src, dst, ipId, icmp, ports: null, seq: null };
}

function readVlans(hop: Hop, hasMac: boolean, inner: readonly number[]): readonly number[] {
  const bytes = hop.headers;
  const tagged = hasMac && TAGS.has(u16(bytes, ETHERTYPE_AT));
  if (hop.vlan === null && !tagged) return inner;
  const vlans = hop.vlan === null ? [] : [hop.vlan.tci & VLAN_ID];
  for (let at = ETHERTYPE_AT; hasMac && at + TAG_BYTES <= hop.l3Offset && TAGS.has(u16(bytes, at)); at += TAG_BYTES) {
    vlans.push(u16(bytes, at + 2) & VLAN_ID);
  }
  return inner.length === 0 ? vlans : [...vlans, ...inner];
}
