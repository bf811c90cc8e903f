// Hops as the frames that bring them, for tests.
import {
  BATCH_HEADER_BYTES,
  FLAG,
  type Hello,
  type Hop,
  NO_OFFSET,
  OFFSET,
  RECORD_BYTES,
  RECORD_LAYOUT,
  writeBatchHeader,
} from '@hopscope/protocol';

export const testHello: Hello = {
  type: 'hello',
  ...RECORD_LAYOUT,
  agent: { version: '0' },
  host: { name: 'h', kernel: '6', bootId: 'b' },
  clock: { monotonicNs: '0', wallNs: '1800000000000000000' },
  dropReasons: {},
  features: [],
  lab: false,
};

/** A whole batch, as the kernel would have written it. */
export function batchOf(hops: readonly Hop[], firstHop: number): Uint8Array {
  const bytes = new Uint8Array(BATCH_HEADER_BYTES + hops.length * RECORD_BYTES);
  for (const [i, hop] of hops.entries()) {
    const at = BATCH_HEADER_BYTES + i * RECORD_BYTES;
    writeRecord(new DataView(bytes.buffer, at, RECORD_BYTES), hop);
    bytes.set(hop.headers, at + OFFSET.headers);
  }
  writeBatchHeader(bytes, hops.length, firstHop);
  return bytes;
}

function writeRecord(view: DataView, hop: Hop): void {
  const u64 = { time_ns: hop.t, packet_id: hop.packet, skb_id: hop.skb, drop_location: hop.location };
  for (const [name, value] of Object.entries(u64)) {
    view.setBigUint64(OFFSET[name as keyof typeof u64], BigInt(Math.round(value)), true);
  }
  view.setBigUint64(OFFSET.netns_cookie, BigInt(hop.netnsInum), true);
  view.setUint32(OFFSET.netns_inum, hop.netnsInum, true);
  view.setUint32(OFFSET.ifindex, hop.ifindex, true);
  view.setUint32(OFFSET.len, hop.len, true);
  view.setUint32(OFFSET.drop_reason, hop.dropReason, true);
  view.setUint8(OFFSET.stage, hop.stage);
  view.setUint8(OFFSET.flags, hop.flags | (hop.vlan === null ? 0 : FLAG.VLAN));
  view.setUint16(OFFSET.dataref, hop.dataref, true);
  view.setUint16(OFFSET.header_len, hop.headers.length, true);
  view.setUint16(OFFSET.l3_offset, hop.l3Offset, true);
  view.setUint16(OFFSET.l4_offset, hop.l4Offset ?? NO_OFFSET, true);
  view.setUint16(OFFSET.protocol, hop.protocol, true);
  view.setUint16(OFFSET.link_type, hop.linkType, true);
  view.setUint16(OFFSET.cpu, hop.cpu, true);
  for (let i = 0; i < hop.ifname.length; i++) view.setUint8(OFFSET.ifname + i, hop.ifname.charCodeAt(i));
}
