// A raw record of a drop → what is needed to know which tables explain it.
import { type Outermost, outermostOf, parsePacket } from '@hopscope/model';
import {
  BATCH_HEADER_BYTES,
  type Hop,
  type PacketId,
  RECORD_BYTES,
  readBatch,
  type TimeNs,
  writeBatchHeader,
} from '@hopscope/protocol';

export interface DropNote {
  readonly packet: PacketId;
  readonly t: TimeNs;
  /** Namespace; 0 = not known. */
  readonly inum: number;
  /** 0 = on no device. */
  readonly ifindex: number;
  readonly ifname: string;
  /** ifindex it came in by; 0 = made here. */
  readonly iif: number;
  /** Name from the kernel's BTF, or NOT_SPECIFIED. */
  readonly reason: string;
  /** Kernel function, empty when unknown. */
  readonly symbol: string;
  /** What the kernel decided by: not a packet inside of a tunnel. */
  readonly headers: Outermost;
}

export interface NoteContext {
  readonly originNs: bigint;
  readonly dropReasons: Readonly<Record<number, string>>;
  readonly locationName: (index: number) => string;
}

/** @returns null when it holds no packet that is followed */
export function noteDrop(record: Uint8Array, { originNs, dropReasons, locationName }: NoteContext): DropNote | null {
  const hop = decodeRecord(record, originNs);
  const packet = parsePacket(hop);
  if (packet === null) return null;
  return {
    packet: hop.packet,
    t: hop.t,
    inum: hop.netnsInum,
    ifindex: hop.ifindex,
    ifname: hop.ifname,
    iif: hop.skbIif,
    reason: dropReasons[hop.dropReason] ?? 'NOT_SPECIFIED',
    symbol: locationName(hop.location).replace(/[.+].*$/, ''),
    headers: outermostOf(packet),
  };
}

/** The same decoder as the readers', on a batch of one. */
export function decodeRecord(record: Uint8Array, originNs: bigint): Hop {
  const batch = new Uint8Array(BATCH_HEADER_BYTES + RECORD_BYTES);
  writeBatchHeader(batch, 1, 0);
  batch.set(record.subarray(0, RECORD_BYTES), BATCH_HEADER_BYTES);
  return readBatch(batch, originNs).hop(0);
}
