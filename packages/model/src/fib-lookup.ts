// A route lookup as the kernel answered it: evidence beside a drop.
import { FIB_LOOKUP_BYTES, FIB_OFFSET, type Hop, STAGE } from '@hopscope/protocol';
import { ipv4Text, ipv6Text } from './address-text.ts';

export interface FibLookup {
  /** 254 main, 255 local. */
  readonly table: number;
  /** 0 = found; else a positive errno. */
  readonly error: number;
  /** 0 = none. */
  readonly oif: number;
  readonly family: 4 | 6;
  readonly src: string;
  readonly dst: string;
  /** Null: directly connected, or none. */
  readonly gateway: string | null;
}

/** @returns null when the hop is no route lookup, or not a whole one */
export function readFibLookup(hop: Hop): FibLookup | null {
  const bytes = hop.headers;
  if (hop.stage !== STAGE.fib_table_lookup || bytes.length < FIB_LOOKUP_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const number = (at: number) => view.getUint32(at, true);
  const family = number(FIB_OFFSET.family);
  if (family !== 4 && family !== 6) return null;
  const address = (at: number) => (family === 4 ? ipv4Text(bytes, at) : ipv6Text(bytes, at));
  const hasGateway = bytes.subarray(FIB_OFFSET.gateway, FIB_OFFSET.gateway + 16).some((byte) => byte !== 0);
  return {
    table: number(FIB_OFFSET.table),
    error: number(FIB_OFFSET.error),
    oif: number(FIB_OFFSET.oif),
    family,
    src: address(FIB_OFFSET.src),
    dst: address(FIB_OFFSET.dst),
    gateway: hasGateway ? address(FIB_OFFSET.gateway) : null,
  };
}
