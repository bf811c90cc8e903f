// What the dropped packet's own IP header says that explains drops.
import type { Evidence, Hop } from '@hopscope/protocol';
import { u16 } from '../ip-header.ts';

const IPV4_MIN_BYTES = 20;
const IPV6_BYTES = 40;
const DONT_FRAGMENT = 0x4000;

/** Length, TTL and DF of the outermost IP header; no facts when there is no whole one. */
export function readDropHeaders({ headers, l3Offset }: Pick<Hop, 'headers' | 'l3Offset'>): Evidence {
  const version = (headers[l3Offset] ?? 0) >> 4;
  if (version === 4 && l3Offset + IPV4_MIN_BYTES <= headers.length) {
    return {
      'packet.length': u16(headers, l3Offset + 2),
      'packet.ttl': headers[l3Offset + 8] ?? 0,
      'packet.df': (u16(headers, l3Offset + 6) & DONT_FRAGMENT) !== 0,
    };
  }
  if (version === 6 && l3Offset + IPV6_BYTES <= headers.length) {
    return { 'packet.length': u16(headers, l3Offset + 4) + IPV6_BYTES, 'packet.ttl': headers[l3Offset + 7] ?? 0 };
  }
  return {};
}
