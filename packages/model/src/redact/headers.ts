// Headers with stand-ins for their addresses. Nothing is copied that is not known to give no address away: options, checksums (which would
// let addresses be guessed) and whatever no header claims become zero.
import { type IpHeader, isExtensionHeader, PROTOCOL_ICMP, PROTOCOL_ICMPV6, readIpHeader, u16 } from '../ip-header.ts';
import { readTunnel } from '../tunnel.ts';
import type { AddressStandIns } from './address-stand-ins.ts';

const MAC_BYTES = 12; // both addresses
const TAGS = new Set([0x8100, 0x88a8, 0x9100]);
const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;
const FRAGMENT = 44;
const TUNNELS_MAX = 2;
const ICMP_ERRORS_4 = new Set([3, 4, 5, 11, 12]);
const ICMP_REDIRECT_4 = 5;

/**
 * @param bytes headers as in a record; not changed
 * @param hasMac whether they begin with a MAC header
 * @returns as many bytes
 */
export function redactHeaders(bytes: Uint8Array, l3: number, hasMac: boolean, standIns: AddressStandIns): Uint8Array {
  const out = new Uint8Array(bytes.length);
  const copy = (at: number, count: number) => {
    if (at < bytes.length) out.set(bytes.subarray(at, at + count), at);
  };
  const clear = (at: number, count: number) => out.fill(0, at, at + count);
  const replace = (at: number, count: number, standIn: (address: Uint8Array) => Uint8Array) => {
    if (at + count <= bytes.length) out.set(standIn(bytes.subarray(at, at + count)), at);
  };

  /** Both addresses, tags and type. @returns where the type ends */
  function mac(at: number): number {
    replace(at, 6, standIns.mac);
    replace(at + 6, 6, standIns.mac);
    let type = at + MAC_BYTES;
    while (TAGS.has(u16(bytes, type))) type += 4;
    copy(at + MAC_BYTES, type + 2 - at - MAC_BYTES);
    return type + 2;
  }

  function packet(at: number, depth: number, isQuoted: boolean): void {
    const ip = readIpHeader(bytes, at);
    if (ip === null) return;
    ipHeader(at, ip);
    if (ip.fragment !== null && ip.fragment.offsetBytes > 0) return;
    const inside = depth < TUNNELS_MAX && !isQuoted ? readTunnel(bytes, ip, true) : null;
    if (inside === null || inside === 'cut') {
      transport(ip, isQuoted);
      return;
    }
    // Ports, VNI or key; options and checksums are left out.
    copy(ip.payload, 8);
    if (ip.protocol === PROTOCOL_UDP) {
      clear(ip.payload + 6, 2);
      copy(ip.payload + 8, 8);
    } else if (inside.kind === 'gre') gre(ip.payload, inside.at);
    else clear(ip.payload, 8);
    packet(inside.hasMac ? mac(inside.at) : inside.at, depth + 1, false);
  }

  /** Flags, type, key and sequence number. */
  function gre(at: number, end: number): void {
    copy(at, end - at);
    if ((u16(bytes, at) & 0x8000) !== 0) clear(at + 4, 4);
  }

  function ipHeader(at: number, { family, payload }: IpHeader): void {
    if (family === 4) {
      copy(at, 20);
      clear(at + 10, 2);
      replace(at + 12, 4, standIns.ip);
      replace(at + 16, 4, standIns.ip);
      return;
    }
    copy(at, 8);
    replace(at + 8, 16, standIns.ip);
    replace(at + 24, 16, standIns.ip);
    let kind = bytes[at + 6] ?? 0;
    // Of an extension header what says which comes next and where; a routing header names addresses.
    for (let next = at + 40; next < payload && isExtensionHeader(kind); ) {
      const isFragment = kind === FRAGMENT;
      copy(next, isFragment ? 8 : 2);
      const units = bytes[next + 1] ?? 0;
      const size = isFragment ? 8 : kind === 51 ? (units + 2) * 4 : (units + 1) * 8;
      kind = bytes[next] ?? 0;
      next += size;
    }
  }

  function transport({ protocol, payload, family }: IpHeader, isQuoted: boolean): void {
    if (protocol === PROTOCOL_TCP) {
      copy(payload, isQuoted ? 8 : 20);
      clear(payload + 16, 2);
    } else if (protocol === PROTOCOL_UDP) {
      copy(payload, 6);
    } else if (protocol === (family === 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6)) {
      copy(payload, 8);
      clear(payload + 2, 2);
      const type = bytes[payload] ?? 0;
      const isError = family === 4 ? ICMP_ERRORS_4.has(type) : type >= 1 && type <= 4;
      if (family === 4 && type === ICMP_REDIRECT_4) replace(payload + 4, 4, standIns.ip);
      if (isError && !isQuoted) packet(payload + 8, TUNNELS_MAX, true);
    }
  }

  if (hasMac) mac(0);
  // The tags in front of the IP header may be more than are known here: the header's own place is what the record says.
  packet(l3, 0, false);
  return out;
}
