// Batches of records as they come over the wire: pings or datagrams across a bridge between two namespaces.
import { BATCH_HEADER_BYTES, FLAG, OFFSET, RECORD_BYTES, STAGE, writeBatchHeader } from '@hopscope/protocol';

const BATCH_RECORDS = 4096;

export type Traffic = 'echo' | 'udp' | 'udp-one-key';

/** As captured on a bridge between two namespaces: namespace, ifindex, stage. */
const BRIDGED = [
  [1, 2, STAGE.net_dev_queue],
  [1, 2, STAGE.net_dev_start_xmit],
  [2, 3, STAGE.netif_rx],
  [2, 3, STAGE.netif_receive_skb],
  [2, 4, STAGE.net_dev_queue],
  [2, 4, STAGE.net_dev_start_xmit],
  [3, 2, STAGE.netif_rx],
  [3, 2, STAGE.netif_receive_skb],
] as const;
const BACK = [
  [3, 2, STAGE.net_dev_queue],
  [3, 2, STAGE.net_dev_start_xmit],
  [2, 4, STAGE.netif_rx],
  [2, 4, STAGE.netif_receive_skb],
  [2, 3, STAGE.net_dev_queue],
  [2, 3, STAGE.net_dev_start_xmit],
  [1, 2, STAGE.netif_rx],
  [1, 2, STAGE.netif_receive_skb],
] as const;

/** @param packets requests; of `echo` each has a reply, and both together 18 records, of `udp` 8 @param everyNs between two records */
export function makeBatches(traffic: Traffic, packets: number, everyNs = 700): Uint8Array[] {
  const records: Uint8Array[] = [];
  let t = 0;
  const emit = (
    packet: number,
    skb: number,
    place: readonly [number, number, number],
    headers: Uint8Array,
    more = 0,
  ) => {
    const bytes = new Uint8Array(RECORD_BYTES);
    const view = new DataView(bytes.buffer);
    const [netns, ifindex, stage] = place;
    t += everyNs;
    view.setBigUint64(OFFSET.time_ns, BigInt(t), true);
    view.setUint32(OFFSET.packet_id, packet, true);
    view.setUint32(OFFSET.skb_id, skb, true);
    view.setUint32(OFFSET.netns_cookie, netns, true);
    view.setUint32(OFFSET.netns_inum, netns, true);
    view.setUint32(OFFSET.ifindex, ifindex, true);
    view.setUint32(OFFSET.len, 92, true);
    view.setUint8(OFFSET.stage, stage);
    view.setUint8(OFFSET.flags, more);
    view.setUint16(OFFSET.dataref, 1, true);
    view.setUint16(OFFSET.header_len, headers.length, true);
    view.setUint16(OFFSET.l3_offset, 14, true);
    view.setUint16(OFFSET.l4_offset, 34, true);
    view.setUint16(OFFSET.protocol, 0x0800, true);
    view.setUint16(OFFSET.link_type, 1, true);
    bytes.set(headers, OFFSET.headers);
    records.push(bytes);
  };
  for (let i = 0; i < packets; i++) {
    const skb = (i % 64) * 2 + 1;
    const there = headersOf(traffic, i, false);
    BRIDGED.forEach((place, at) => {
      emit(i * 2 + 1, skb, place, there, at === 0 ? FLAG.FIRST | FLAG.FROM_HERE : 0);
    });
    if (traffic !== 'echo') continue;
    const back = headersOf(traffic, i, true);
    BACK.forEach((place, at) => {
      emit(i * 2 + 2, skb + 1, place, back, at === 0 ? FLAG.FIRST | FLAG.FROM_HERE : 0);
      if (at === 1) emit(i * 2 + 1, skb, [3, 2, STAGE.consume_skb], there, FLAG.LAST);
    });
    emit(i * 2 + 2, skb + 1, [1, 2, STAGE.consume_skb], back, FLAG.LAST);
  }
  const batches: Uint8Array[] = [];
  for (let first = 0; first < records.length; first += BATCH_RECORDS) {
    const some = records.slice(first, first + BATCH_RECORDS);
    const batch = new Uint8Array(BATCH_HEADER_BYTES + some.length * RECORD_BYTES);
    some.forEach((record, i) => {
      batch.set(record, BATCH_HEADER_BYTES + i * RECORD_BYTES);
    });
    writeBatchHeader(batch, some.length, first);
    batches.push(batch);
  }
  return batches;
}

function headersOf(traffic: Traffic, i: number, isReply: boolean): Uint8Array {
  const bytes = new Uint8Array(14 + 20 + 8);
  const view = new DataView(bytes.buffer);
  view.setUint16(12, 0x0800);
  view.setUint8(14, 0x45);
  view.setUint16(18, traffic === 'udp-one-key' ? 0 : i & 0xffff);
  view.setUint8(22, 64);
  view.setUint8(23, traffic === 'echo' ? 1 : 17);
  bytes.set([10, 0, 0, isReply ? 2 : 1, 10, 0, 0, isReply ? 1 : 2], 26);
  if (traffic === 'echo') {
    view.setUint8(34, isReply ? 0 : 8);
    view.setUint16(38, 7 + (i >> 16));
    view.setUint16(40, i & 0xffff);
  } else {
    view.setUint16(34, 40000);
    view.setUint16(36, 53);
  }
  return bytes;
}
