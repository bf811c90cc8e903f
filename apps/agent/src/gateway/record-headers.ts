// The few header fields that say which records belong together, read where they lie: no packet is parsed, nothing is copied.
import { HEADERS_BYTES, NO_OFFSET, OFFSET } from '@hopscope/protocol';

const PROTOCOL_ICMP = 1;
const PROTOCOL_ICMPV6 = 58;
const IPV4_BYTES = 20;
const IPV6_BYTES = 40;
const ICMP_BYTES = 8;

/** IPv6 extension headers that may stand in front of the L4 header. */
const [HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION] = [0, 43, 44, 51, 60];

interface IcmpTypes {
  readonly request: number;
  readonly reply: number;
  /** Those that quote the packet that they are about. */
  readonly errors: readonly number[];
}
const ICMP: IcmpTypes = { request: 8, reply: 0, errors: [3, 4, 5, 11, 12] };
const ICMPV6: IcmpTypes = { request: 128, reply: 129, errors: [1, 2, 3, 4] };

export const NO_ECHO = -1;
/** Set in what `readEcho` answers when the record is of the request itself. */
export const REQUEST = 0x1_0000;

/**
 * What request, reply and errors of an echo share whatever NAT does to them: the sequence number, with REQUEST for the request. NO_ECHO when
 * the record is of something else, or inside of a tunnel.
 * @param at where the record begins
 */
export function readEcho(view: DataView, at: number): number {
  const l3 = view.getUint16(at + OFFSET.l3_offset, true);
  const l4 = view.getUint16(at + OFFSET.l4_offset, true);
  if (l4 === NO_OFFSET || l4 > HEADERS_BYTES) return NO_ECHO;
  const headers = at + OFFSET.headers;
  const end = headers + Math.min(view.getUint16(at + OFFSET.header_len, true), HEADERS_BYTES);
  const types = icmpOf(view, headers + l3, headers + l4, end);
  if (types === null || headers + l4 + ICMP_BYTES > end) return NO_ECHO;
  const type = view.getUint8(headers + l4);
  if (type === types.request) return view.getUint16(headers + l4 + 6) | REQUEST;
  if (type === types.reply) return view.getUint16(headers + l4 + 6);
  return types.errors.includes(type) ? readQuotedEcho(view, headers + l4 + ICMP_BYTES, end) : NO_ECHO;
}

/** The sequence number of the echo that an error quotes. */
function readQuotedEcho(view: DataView, l3: number, end: number): number {
  if (l3 + IPV4_BYTES > end) return NO_ECHO;
  const first = view.getUint8(l3);
  const l4 = l3 + (first >> 4 === 4 ? (first & 0x0f) * 4 : IPV6_BYTES);
  const types = icmpOf(view, l3, l4, end);
  if (types === null || l4 + ICMP_BYTES > end) return NO_ECHO;
  const type = view.getUint8(l4);
  return type === types.request || type === types.reply ? view.getUint16(l4 + 6) : NO_ECHO;
}

/** The meaning of ICMP types at `l4`; null when something else is there. */
function icmpOf(view: DataView, l3: number, l4: number, end: number): IcmpTypes | null {
  if (l3 + IPV4_BYTES > end) return null;
  const version = view.getUint8(l3) >> 4;
  if (version === 4) return view.getUint8(l3 + 9) === PROTOCOL_ICMP ? ICMP : null;
  if (version !== 6) return null;
  let next = view.getUint8(l3 + 6);
  let at = l3 + IPV6_BYTES;
  while (at < l4 && at + 2 <= end) {
    const units = view.getUint8(at + 1);
    const bytes = next === FRAGMENT ? 8 : next === AUTHENTICATION ? (units + 2) * 4 : (units + 1) * 8;
    if (next !== FRAGMENT && next !== HOP_BY_HOP && next !== ROUTING && next !== AUTHENTICATION && next !== DESTINATION)
      return null;
    next = view.getUint8(at);
    at += bytes;
  }
  return at === l4 && next === PROTOCOL_ICMPV6 ? ICMPV6 : null;
}

/** What the fragments of one IP packet share: its identification, never 0; 0 when the record is of no fragment. */
export function readFragmentId(view: DataView, at: number): number {
  const l3 = view.getUint16(at + OFFSET.l3_offset, true);
  const headers = at + OFFSET.headers;
  const end = headers + Math.min(view.getUint16(at + OFFSET.header_len, true), HEADERS_BYTES);
  const ip = headers + l3;
  if (l3 === NO_OFFSET || ip + IPV4_BYTES > end) return 0;
  const version = view.getUint8(ip) >> 4;
  if (version === 4) return (view.getUint16(ip + 6) & 0x3fff) === 0 ? 0 : 0x1_0000 + view.getUint16(ip + 4);
  if (version !== 6 || view.getUint8(ip + 6) !== FRAGMENT || ip + IPV6_BYTES + 8 > end) return 0;
  return view.getUint32(ip + IPV6_BYTES + 4) || 1;
}
