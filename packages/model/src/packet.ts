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

export interface Packet {
  readonly kind: 'request' | 'reply' | 'error' | 'fragment';
  readonly family: 4 | 6;
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
  /** Null in a later fragment. For an error `id` and `seq` are 0. */
  readonly icmp: Echo | null;
  /** The packet an ICMP error quotes; null when its echo header did not fit in the bytes. */
  readonly quoted: { readonly src: string; readonly dst: string; readonly icmp: Echo } | null;
}

const ARPHRD_ETHER = 1;
const ARPHRD_LOOPBACK = 772; // Linux gives loopback packets an Ethernet header of zeros
const MAC_BYTES = 14;
const ICMP_BYTES = 8;
const VLAN_ID = 0x0fff;

const ETHERTYPE_AT = 12;
const TAGS = new Set([0x8100, 0x88a8, 0x9100]);

interface IcmpNumbers {
  readonly protocol: number;
  readonly request: number;
  readonly reply: number;
  /** Types that quote the packet they are about. */
  readonly errors: ReadonlySet<number>;
}

const ICMP4: IcmpNumbers = { protocol: PROTOCOL_ICMP, request: 8, reply: 0, errors: new Set([3, 4, 5, 11, 12]) };
const ICMP6: IcmpNumbers = { protocol: PROTOCOL_ICMPV6, request: 128, reply: 129, errors: new Set([1, 2, 3, 4]) };

const NO_VLANS: readonly number[] = [];

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
    family: ip.family,
    src: ip.src,
    dst: ip.dst,
    ttl: ip.ttl,
    ipId: ip.id,
    fragment: ip.fragment,
    mac: hasMac ? { dst: macText(bytes, 0), src: macText(bytes, 6) } : null,
    vlans: readVlans(hop, hasMac),
    icmp,
    quoted,
  };
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
  return { src: ip.src, dst: ip.dst, icmp };
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
