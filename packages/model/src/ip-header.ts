// IP headers, with IPv4 options and IPv6 extension headers. Reads only inside the bytes given.
import { ipv4Text, ipv6Text } from './address-text.ts';

export interface IpHeader {
  readonly family: 4 | 6;
  readonly src: string;
  readonly dst: string;
  /** TTL or hop limit. */
  readonly ttl: number;
  /** 0 = none. */
  readonly id: number;
  /** Null when the packet is whole. */
  readonly fragment: { readonly offsetBytes: number; readonly more: boolean } | null;
  /** Protocol of what follows at `payload`. */
  readonly protocol: number;
  /** Offset of what follows the IP headers; may lie past the end of the bytes. */
  readonly payload: number;
}

export const PROTOCOL_ICMP = 1;
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;
export const PROTOCOL_ICMPV6 = 58;

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const DESTINATION_OPTIONS = 60;
const MOBILITY = 135;
const HOST_IDENTITY = 139;
const SHIM6 = 140;

/** Whether an IPv6 next-header value is a header to walk over. */
export function isExtensionHeader(protocol: number): boolean {
  return (
    protocol === HOP_BY_HOP ||
    protocol === ROUTING ||
    protocol === FRAGMENT ||
    protocol === AUTHENTICATION ||
    protocol === DESTINATION_OPTIONS ||
    protocol === MOBILITY ||
    protocol === HOST_IDENTITY ||
    protocol === SHIM6
  );
}

function u8(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

export function u16(bytes: Uint8Array, at: number): number {
  return (u8(bytes, at) << 8) | u8(bytes, at + 1);
}

/** Null when no whole IP header stands at `at`. */
export function readIpHeader(bytes: Uint8Array, at: number): IpHeader | null {
  const version = u8(bytes, at) >> 4;
  if (version === 4) return readIpv4(bytes, at);
  if (version === 6) return readIpv6(bytes, at);
  return null;
}

function readIpv4(bytes: Uint8Array, at: number): IpHeader | null {
  const headerBytes = (u8(bytes, at) & 0x0f) * 4;
  if (headerBytes < 20 || at + 20 > bytes.length) return null;
  const flagsAndOffset = u16(bytes, at + 6);
  const offsetBytes = (flagsAndOffset & 0x1fff) * 8;
  const more = (flagsAndOffset & 0x2000) !== 0;
  return {
    family: 4,
    src: ipv4Text(bytes, at + 12),
    dst: ipv4Text(bytes, at + 16),
    ttl: u8(bytes, at + 8),
    id: u16(bytes, at + 4),
    fragment: offsetBytes === 0 && !more ? null : { offsetBytes, more },
    protocol: u8(bytes, at + 9),
    payload: at + headerBytes,
  };
}

function readIpv6(bytes: Uint8Array, at: number): IpHeader | null {
  if (at + 40 > bytes.length) return null;
  let id = 0;
  let fragment: IpHeader['fragment'] = null;
  let protocol = u8(bytes, at + 6);
  let payload = at + 40;
  while (isExtensionHeader(protocol)) {
    if (payload + 8 > bytes.length) break;
    const next = u8(bytes, payload);
    if (protocol === FRAGMENT) {
      const offsetAndMore = u16(bytes, payload + 2);
      const offsetBytes = offsetAndMore & 0xfff8;
      const more = (offsetAndMore & 1) !== 0;
      id = u16(bytes, payload + 4) * 0x1_0000 + u16(bytes, payload + 6);
      // RFC 6946: a fragment header on a whole packet makes no fragment of it.
      fragment = offsetBytes === 0 && !more ? null : { offsetBytes, more };
      payload += 8;
      protocol = next;
      if (offsetBytes > 0) break;
      continue;
    }
    // RFC 4302: the authentication header counts in 4 bytes and leaves out two, the others in 8 and leave out one.
    payload += protocol === AUTHENTICATION ? (u8(bytes, payload + 1) + 2) * 4 : (u8(bytes, payload + 1) + 1) * 8;
    protocol = next;
  }
  return {
    family: 6,
    src: ipv6Text(bytes, at + 8),
    dst: ipv6Text(bytes, at + 24),
    ttl: u8(bytes, at + 7),
    id,
    fragment,
    protocol,
    payload,
  };
}
