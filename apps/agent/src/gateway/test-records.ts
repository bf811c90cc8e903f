// Records for the tests of this folder, as the kernel side would write them: only the fields that the gateway looks at.
import { FLAG, NO_OFFSET, OFFSET, RECORD_BYTES } from '@hopscope/protocol';

const ETHERNET_BYTES = 14;

export interface TestRecord {
  readonly packet: number;
  readonly ms: number;
  readonly first?: boolean;
  /** From the MAC header on. */
  readonly headers: Uint8Array;
  /** Null in a later fragment. */
  readonly l4?: number | null;
}

export function makeRecord({ packet, ms, first = false, headers, l4 = ETHERNET_BYTES + 20 }: TestRecord): Uint8Array {
  const record = new Uint8Array(RECORD_BYTES);
  const view = new DataView(record.buffer);
  view.setBigUint64(OFFSET.time_ns, BigInt(Math.round(ms * 1e6)), true);
  view.setBigUint64(OFFSET.packet_id, BigInt(packet), true);
  view.setUint8(OFFSET.flags, first ? FLAG.FIRST : 0);
  view.setUint16(OFFSET.header_len, headers.length, true);
  view.setUint16(OFFSET.l3_offset, ETHERNET_BYTES, true);
  view.setUint16(OFFSET.l4_offset, l4 ?? NO_OFFSET, true);
  record.set(headers, OFFSET.headers);
  return record;
}

export function joinRecords(records: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(records.length * RECORD_BYTES);
  for (const [i, record] of records.entries()) all.set(record, i * RECORD_BYTES);
  return all;
}

const ETHERNET = new Array<number>(ETHERNET_BYTES).fill(0);

/** An IPv4 header of 20 bytes. */
export function ipv4(protocol: number, { id = 0, fragment = 0 } = {}): number[] {
  const words = [0x45, 0, 0, 84, id >> 8, id & 0xff, fragment >> 8, fragment & 0xff, 64, protocol];
  return [...words, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
}

/** `next` may be extension headers followed by what they announce. */
export function ipv6(nextHeader: number): number[] {
  return [0x60, 0, 0, 0, 0, 64, nextHeader, 64, ...new Array<number>(32).fill(1)];
}

/** An ICMP echo or, with `quoted`, an error. */
export function icmp(type: number, seq: number, quoted: readonly number[] = []): number[] {
  return [type, 0, 0, 0, 0x12, 0x34, seq >> 8, seq & 0xff, ...quoted];
}

export const frame = (...parts: readonly (readonly number[])[]): Uint8Array =>
  Uint8Array.from([...ETHERNET, ...parts.flat()]).slice(0, 128);
