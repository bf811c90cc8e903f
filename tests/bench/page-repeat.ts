// A recording's pings, one after the other at any rate, for ever: the records as the kernel wrote them, with times and ids counted on.
import { FLAG, NO_OFFSET, OFFSET, RECORD_BYTES, readBatch } from '@hopscope/protocol';

export interface Repeated {
  /** The records of the next `ns` nanoseconds. */
  next(ns: number): Uint8Array;
  /** Packets (requests and replies) begun so far. */
  readonly packets: number;
}

/** One record of a round, which takes `roundNs` and is followed by the next without a gap. */
interface Placed {
  /** Since the round began. */
  readonly atNs: number;
  /** Of a ping that began in the round before. */
  readonly isLate: boolean;
  readonly bytes: Uint8Array;
  readonly packet: number;
  readonly skb: number;
  /** Where the IP id and the ICMP id stand. */
  readonly ids: readonly number[];
}

/** @param originNs time of the first record, ns of CLOCK_MONOTONIC */
export function repeatPings(batches: readonly Uint8Array[], packetsPerSecond: number, originNs: number): Repeated {
  const pings = wholePings(batches);
  const everyNs = 2e9 / packetsPerSecond;
  const roundNs = pings.length * everyNs;
  const placed = pings
    .flatMap((ping, i) =>
      ping.map((bytes): Placed => {
        const atNs = i * everyNs + timeOf(bytes) - timeOf(ping[0] as Uint8Array);
        return {
          atNs: atNs % roundNs,
          isLate: atNs >= roundNs,
          bytes,
          packet: packetOf(bytes),
          skb: skbOf(bytes),
          ids: idsIn(bytes),
        };
      }),
    )
    .sort((a, b) => a.atNs - b.atNs);
  const stride = Math.max(...placed.map(({ packet }) => packet)) + 1;
  const skbStride = Math.max(...placed.map(({ skb }) => skb)) + 1;
  let [round, at, untilNs, packets] = [0, 0, 0, 0];

  function write(view: DataView, to: number, { atNs, isLate, bytes, packet, skb, ids }: Placed): void {
    new Uint8Array(view.buffer).set(bytes, to);
    const own = isLate ? round - 1 : round;
    writeU64(view, to + OFFSET.time_ns, Math.round(originNs + round * roundNs + atNs));
    writeU64(view, to + OFFSET.packet_id, packet + own * stride);
    // skbs are used again in a kernel, too, but hardly by a packet with the same IP id.
    writeU64(view, to + OFFSET.skb_id, skb + own * skbStride);
    for (const id of ids) view.setUint16(to + id, view.getUint16(to + id) + own);
    if ((view.getUint8(to + OFFSET.flags) & FLAG.FIRST) !== 0) packets++;
  }

  return {
    next(ns) {
      untilNs += ns;
      // Counted first, so that the bytes are allocated once.
      let [r, i] = [round, at];
      let count = 0;
      for (;;) {
        const record = placed[i] as Placed;
        if (r * roundNs + record.atNs > untilNs) break;
        if (!(record.isLate && r === 0)) count++;
        if (++i === placed.length) [r, i] = [r + 1, 0];
      }
      const view = new DataView(new ArrayBuffer(count * RECORD_BYTES));
      for (let written = 0; written < count; ) {
        const record = placed[at] as Placed;
        if (!(record.isLate && round === 0)) write(view, written++ * RECORD_BYTES, record);
        if (++at === placed.length) [round, at] = [round + 1, 0];
      }
      return new Uint8Array(view.buffer);
    },
    get packets() {
      return packets;
    },
  };
}

/** The records of each echo that has its reply, in order of time. */
function wholePings(batches: readonly Uint8Array[]): Uint8Array[][] {
  const pings = new Map<number, { readonly records: Uint8Array[]; readonly types: Set<number> }>();
  for (const batch of batches) {
    const { count } = readBatch(batch, 0n);
    for (let i = 0; i < count; i++) {
      const bytes = batch.subarray(batch.length - (count - i) * RECORD_BYTES).subarray(0, RECORD_BYTES);
      const icmpAt = icmpOffset(bytes);
      if (icmpAt === null) continue;
      const sequence = viewOf(bytes).getUint16(icmpAt + 2);
      const ping = pings.get(sequence) ?? { records: [], types: new Set() };
      ping.records.push(bytes);
      ping.types.add(bytes[icmpAt - 4] ?? 0);
      pings.set(sequence, ping);
    }
  }
  const whole = [...pings.values()].filter(({ types }) => types.has(ECHO) && types.has(ECHO_REPLY));
  if (whole.length === 0) throw new Error('there is no ping with a reply in this recording');
  return whole.map(({ records }) => records.sort((a, b) => timeOf(a) - timeOf(b)));
}

const [ECHO, ECHO_REPLY] = [8, 0];
const IPPROTO_ICMP = 1;

/** Where the ICMP id of an echo stands in the record; null where there is none. */
function icmpOffset(bytes: Uint8Array): number | null {
  const view = viewOf(bytes);
  const [l3, l4] = [view.getUint16(OFFSET.l3_offset, true), view.getUint16(OFFSET.l4_offset, true)];
  if (l3 === NO_OFFSET || l4 === NO_OFFSET || view.getUint16(OFFSET.protocol, true) !== 0x0800) return null;
  const type = bytes[OFFSET.headers + l4];
  const isEcho = bytes[OFFSET.headers + l3 + 9] === IPPROTO_ICMP && (type === ECHO || type === ECHO_REPLY);
  return isEcho ? OFFSET.headers + l4 + 4 : null;
}

function idsIn(bytes: Uint8Array): readonly number[] {
  const icmpAt = icmpOffset(bytes);
  return icmpAt === null ? [] : [OFFSET.headers + viewOf(bytes).getUint16(OFFSET.l3_offset, true) + 4, icmpAt];
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const timeOf = (bytes: Uint8Array): number => Number(viewOf(bytes).getBigUint64(OFFSET.time_ns, true));
const skbOf = (bytes: Uint8Array): number => Number(viewOf(bytes).getBigUint64(OFFSET.skb_id, true));
const packetOf = (bytes: Uint8Array): number => Number(viewOf(bytes).getBigUint64(OFFSET.packet_id, true));

/** Faster than by way of a BigInt, which counts at a million records a second. */
function writeU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}
