// Records of pings between containers on one bridge, as a kernel writes them.
import { BATCH_HEADER_BYTES, FLAG, OFFSET, RECORD_BYTES, STAGE, writeBatchHeader } from '@hopscope/protocol';

/** Namespace (cookie), interface and stage. */
type Place = readonly [netns: number, ifindex: number, stage: number];

/** An interface in its namespace and the port of the bridge that it is plugged into. */
export interface BridgedEnd {
  readonly netns: number;
  readonly ifindex: number;
  readonly port: number;
  /** Last byte of 172.17.0.x. */
  readonly host: number;
}

const HOST = 1;
const STEP_NS = 900;

function oneWay(from: BridgedEnd, to: BridgedEnd): Place[] {
  return [
    [from.netns, from.ifindex, STAGE.net_dev_queue],
    [from.netns, from.ifindex, STAGE.net_dev_start_xmit],
    [HOST, from.port, STAGE.netif_rx],
    [HOST, from.port, STAGE.netif_receive_skb],
    [HOST, to.port, STAGE.net_dev_queue],
    [HOST, to.port, STAGE.net_dev_start_xmit],
    [to.netns, to.ifindex, STAGE.netif_rx],
    [to.netns, to.ifindex, STAGE.netif_receive_skb],
  ];
}

export interface EchoMaker {
  /** The records of `count` pings, all answered, starting at `tNs`. */
  batch(from: BridgedEnd, to: BridgedEnd, count: number, tNs: number): Uint8Array;
}

export function createEchoMaker(): EchoMaker {
  let packet = 0;
  let sequence = 0;
  let position = 0;
  return {
    batch(from, to, count, tNs) {
      const perPing = 18;
      const bytes = new Uint8Array(BATCH_HEADER_BYTES + count * perPing * RECORD_BYTES);
      let at = BATCH_HEADER_BYTES;
      let t = tNs;
      const emit = (id: number, place: Place, headers: Uint8Array, flags: number): void => {
        writeRecord(new DataView(bytes.buffer, at, RECORD_BYTES), t, id, place, headers, flags);
        bytes.set(headers, at + OFFSET.headers);
        at += RECORD_BYTES;
        t += STEP_NS;
      };
      const first = FLAG.FIRST | FLAG.FROM_HERE;
      for (let i = 0; i < count; i++) {
        sequence++;
        const [asks, answers] = [++packet, ++packet];
        const there = echoHeaders(sequence, from.host, to.host, 8);
        const back = echoHeaders(sequence, to.host, from.host, 0);
        for (const [k, place] of oneWay(from, to).entries()) emit(asks, place, there, k === 0 ? first : 0);
        emit(asks, [to.netns, to.ifindex, STAGE.consume_skb], there, FLAG.LAST);
        for (const [k, place] of oneWay(to, from).entries()) emit(answers, place, back, k === 0 ? first : 0);
        emit(answers, [from.netns, from.ifindex, STAGE.consume_skb], back, FLAG.LAST);
      }
      writeBatchHeader(bytes, count * perPing, position);
      position += count * perPing;
      return bytes;
    },
  };
}

function writeRecord(view: DataView, t: number, id: number, place: Place, headers: Uint8Array, flags: number): void {
  const [netns, ifindex, stage] = place;
  view.setBigUint64(OFFSET.time_ns, BigInt(Math.round(t)), true);
  view.setBigUint64(OFFSET.packet_id, BigInt(id), true);
  view.setBigUint64(OFFSET.skb_id, BigInt(id), true);
  view.setBigUint64(OFFSET.netns_cookie, BigInt(netns), true);
  view.setUint32(OFFSET.netns_inum, 4026531000 + netns, true);
  view.setUint32(OFFSET.ifindex, ifindex, true);
  view.setUint32(OFFSET.len, 98, true);
  view.setUint8(OFFSET.stage, stage);
  view.setUint8(OFFSET.flags, flags);
  view.setUint16(OFFSET.dataref, 1, true);
  view.setUint16(OFFSET.header_len, headers.length, true);
  view.setUint16(OFFSET.l3_offset, 14, true);
  view.setUint16(OFFSET.l4_offset, 34, true);
  view.setUint16(OFFSET.protocol, 0x0800, true);
  view.setUint16(OFFSET.link_type, 1, true);
}

function echoHeaders(sequence: number, from: number, to: number, type: number): Uint8Array {
  const bytes = new Uint8Array(14 + 20 + 8);
  const view = new DataView(bytes.buffer);
  view.setUint16(12, 0x0800);
  view.setUint8(14, 0x45);
  view.setUint16(18, sequence & 0xffff);
  view.setUint8(22, 64);
  view.setUint8(23, 1);
  bytes.set([172, 17, 0, from, 172, 17, 0, to], 26);
  view.setUint8(34, type);
  view.setUint16(38, 7 + (sequence >> 16));
  view.setUint16(40, sequence & 0xffff);
  return bytes;
}
