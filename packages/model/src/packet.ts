// Header bytes → what they say. Never reads past `hop.headers`; bytes that do not parse give null, not an exception.
import type { Hop } from '@hopscope/protocol';

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
  /** The packet an ICMP error quotes. */
  readonly quoted: { readonly src: string; readonly dst: string; readonly icmp: Echo } | null;
}

export declare function parsePacket(hop: Hop): Packet | null;
