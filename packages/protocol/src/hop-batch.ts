// A hop batch: a 40-byte header and `count` records, exactly as the kernel wrote them. All little-endian.
//
//   0  u32 magic "HOPB"     8  u32 count          16 u64 firstHop
//   4  u16 header bytes    12  u32 skipped        24 u64 kernelMissed
//   6  u16 record bytes                           32 u64 missedSince, ns of CLOCK_MONOTONIC
//
// firstHop is a position in the capture's stream, and the batch stands for `count + skipped` positions from there on: where the next
// batch begins later, the difference is how many hops this reader missed. The skipped ones are whole journeys that were left out between
// these records on purpose. kernelMissed counts what has no position, because the kernel side missed it; the newest of it happened after
// missedSince. A newer agent may send longer records: `record bytes` says how far apart they are.
import type { DeviceId, NetnsId, PacketId, SkbId, TimeNs } from './ids.ts';
import { deviceId, netnsId } from './ids.ts';
import { FLAG, HEADERS_BYTES, IFNAME_BYTES, NO_OFFSET, OFFSET, RECORD_BYTES } from './record-layout.ts';

export const BATCH_HEADER_BYTES = 40;
/** Without missedSince. */
const SHORTEST_HEADER_BYTES = 32;
const MAGIC = 0x42504f48;

/** One packet at one device and stage. */
export interface Hop {
  /** Position in the capture's stream; an earlier one, but in the same order, where the batch has skipped some. */
  readonly index: number;
  readonly t: TimeNs;
  readonly packet: PacketId;
  readonly skb: SkbId;
  /** Null when the packet was on no device. */
  readonly netns: NetnsId | null;
  readonly netnsInum: number;
  readonly ifindex: number;
  readonly device: DeviceId | null;
  readonly ifname: string;
  /** skb->len, bytes */
  readonly len: number;
  /** A value of STAGE. */
  readonly stage: number;
  /** FLAG bits. */
  readonly flags: number;
  /** Users of the packet's data, this skb included. */
  readonly dataref: number;
  readonly dropReason: number;
  /** Index into the `locations` names; 0 = none. */
  readonly location: number;
  /** ifindex the skb came in on; 0 = local. */
  readonly skbIif: number;
  /** EtherType of the network header. */
  readonly protocol: number;
  /** ARPHRD_* */
  readonly linkType: number;
  /** The accelerated VLAN tag, which is not in the bytes. */
  readonly vlan: { readonly tci: number; readonly protocol: number } | null;
  readonly cpu: number;
  /** MAC header to the end of the L4 header. */
  readonly headers: Uint8Array;
  readonly l3Offset: number;
  /** Null in a later fragment. */
  readonly l4Offset: number | null;
}

/** How far a batch's records begin behind its start, and lie apart. Batches in old recordings have shorter headers. */
export function batchLayout(bytes: Uint8Array): { readonly headerBytes: number; readonly recordBytes: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { headerBytes: view.getUint16(4, true), recordBytes: view.getUint16(6, true) };
}

export class BatchError extends Error {
  override name = 'BatchError';
}

/** What a batch says besides its records. Both are 0 where nothing was left out or missed. */
export interface BatchLosses {
  /** Positions between firstHop and the next batch's that this reader is not sent: whole journeys. */
  readonly skipped?: number;
  /** What the kernel side had missed in all (`kernelMissed` in packages/model) when these records were drained. Only grows. */
  readonly kernelMissed?: number;
  /** What came new to kernelMissed happened after this time, ns of CLOCK_MONOTONIC; 0 = nobody knows. */
  readonly missedSinceNs?: bigint;
}

/** Fills in the header in front of `count` records that already stand at BATCH_HEADER_BYTES. */
export function writeBatchHeader(
  batch: Uint8Array,
  count: number,
  firstHop: number,
  { skipped = 0, kernelMissed = 0, missedSinceNs = 0n }: BatchLosses = {},
): void {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, BATCH_HEADER_BYTES, true);
  view.setUint16(6, RECORD_BYTES, true);
  view.setUint32(8, count, true);
  view.setUint32(12, skipped, true);
  writeCount(view, 16, firstHop);
  writeCount(view, 24, kernelMissed);
  view.setBigUint64(32, missedSinceNs, true);
}

function writeCount(view: DataView, at: number, count: number): void {
  view.setUint32(at, count >>> 0, true);
  view.setUint32(at + 4, Math.floor(count / 2 ** 32), true);
}

function readCount(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

/** A checked batch; `hop(i)` decodes one record. */
export interface HopBatch extends Required<BatchLosses> {
  /** missedSinceNs in packet time; null where nobody knows. */
  readonly missedSince: TimeNs | null;
  readonly count: number;
  readonly firstHop: number;
  /** Where the next batch begins when nothing is missed: `firstHop + count + skipped`. */
  readonly endHop: number;
  hop(i: number): Hop;
}

/**
 * @param originNs hello.clock.monotonicNs: hop times count from here
 * @throws BatchError when the bytes are no whole batch; nothing is read past them
 */
export function readBatch(bytes: Uint8Array, originNs: bigint): HopBatch {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < SHORTEST_HEADER_BYTES)
    throw new BatchError(`hop batch of ${bytes.byteLength} bytes has no header`);
  if (view.getUint32(0, true) !== MAGIC) throw new BatchError('not a hop batch');
  const headerBytes = view.getUint16(4, true);
  const recordBytes = view.getUint16(6, true);
  const count = view.getUint32(8, true);
  if (headerBytes < SHORTEST_HEADER_BYTES || recordBytes < RECORD_BYTES) {
    throw new BatchError(`hop batch with a header of ${headerBytes} and records of ${recordBytes} bytes`);
  }
  if (bytes.byteLength !== headerBytes + count * recordBytes) {
    throw new BatchError(
      `hop batch of ${count} records should have ${headerBytes + count * recordBytes} bytes, has ${bytes.byteLength}`,
    );
  }
  const skipped = view.getUint32(12, true);
  const missedSinceNs = headerBytes < BATCH_HEADER_BYTES ? 0n : view.getBigUint64(32, true);
  const firstHop = readCount(view, 16);
  const originHigh = Number(originNs >> 32n);
  const originLow = Number(originNs & 0xffff_ffffn);
  let records: DataView | null = null;
  return {
    count,
    firstHop,
    skipped,
    endHop: firstHop + count + skipped,
    kernelMissed: readCount(view, 24),
    missedSinceNs,
    missedSince: missedSinceNs === 0n ? null : (Number(missedSinceNs - originNs) as TimeNs),
    hop(i) {
      if (!(i >= 0 && i < count)) throw new RangeError(`hop ${i} of ${count}`);
      // One copy for all hops of the batch: the bytes given may be part of a much larger buffer, and a hop may be kept for minutes.
      // Not slice(): that of Node's Buffer, which is a Uint8Array too, copies nothing.
      records ??= new DataView(new Uint8Array(bytes.subarray(headerBytes)).buffer);
      return new RecordHop(records, i * recordBytes, firstHop + i, originHigh, originLow);
    },
  };
}

// A hop names its device in three texts, and a machine has few devices: the texts are remembered in a small table.
// The result depends on the bytes alone.
interface DeviceTexts {
  readonly netns: NetnsId | null;
  readonly device: DeviceId | null;
  readonly ifname: string;
}
const NO_DEVICE: DeviceTexts = { netns: null, device: null, ifname: '' };
const SLOTS = 512;
const SLOT_WORDS = 8; // cookie (2), inum, ifindex, ifname (4)
const slotWords = new Uint32Array(SLOTS * SLOT_WORDS);
const slotTexts: DeviceTexts[] = new Array(SLOTS).fill(NO_DEVICE);

function readDevice(view: DataView, at: number): DeviceTexts {
  const inum = view.getUint32(at + OFFSET.netns_inum, true);
  const ifindex = view.getUint32(at + OFFSET.ifindex, true);
  if (inum === 0 && ifindex === 0) return NO_DEVICE;
  const low = view.getUint32(at + OFFSET.netns_cookie, true);
  const high = view.getUint32(at + OFFSET.netns_cookie + 4, true);
  const name0 = view.getUint32(at + OFFSET.ifname, true);
  const name1 = view.getUint32(at + OFFSET.ifname + 4, true);
  const name2 = view.getUint32(at + OFFSET.ifname + 8, true);
  const name3 = view.getUint32(at + OFFSET.ifname + 12, true);
  const hash = Math.imul(inum, 0x9e3779b1) ^ Math.imul(low, 0x85ebca6b) ^ Math.imul(ifindex, 0xc2b2ae35);
  const slot = ((hash ^ (hash >>> 15)) >>> 3) & (SLOTS - 1);
  const words = slot * SLOT_WORDS;
  const known = slotTexts[slot] ?? NO_DEVICE;
  if (
    slotWords[words] === low &&
    slotWords[words + 1] === high &&
    slotWords[words + 2] === inum &&
    slotWords[words + 3] === ifindex &&
    slotWords[words + 4] === name0 &&
    slotWords[words + 5] === name1 &&
    slotWords[words + 6] === name2 &&
    slotWords[words + 7] === name3
  )
    return known;
  const cookie = (BigInt(high) << 32n) | BigInt(low);
  const netns = inum === 0 ? null : netnsId(String(cookie), inum);
  const texts = {
    netns,
    device: netns === null || ifindex === 0 ? null : deviceId(netns, ifindex),
    ifname: readIfname(view, at + OFFSET.ifname),
  };
  slotWords.set([low, high, inum, ifindex, name0, name1, name2, name3], words);
  slotTexts[slot] = texts;
  return texts;
}

// The kernel allows any bytes but `/`, `:` and white space in a name; programs take them for UTF-8.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

function readIfname(view: DataView, at: number): string {
  let length = 0;
  while (length < IFNAME_BYTES && view.getUint8(at + length) !== 0) length++;
  return utf8.decode(new Uint8Array(view.buffer, view.byteOffset + at, length));
}

function readId(view: DataView, at: number): number {
  // The kernel side keeps ids below 2^53, so a number holds them.
  return view.getUint32(at, true) + (view.getUint32(at + 4, true) & 0x1f_ffff) * 2 ** 32;
}

/**
 * Reads its record when asked. Readers keep hundreds of thousands of hops, so what a hop costs in memory is what the reader costs:
 * this is a sixth of a hop with all fields read out.
 */
class RecordHop implements Hop {
  readonly index: number;
  readonly t: TimeNs;
  readonly stage: number;
  readonly #record: DataView;
  readonly #at: number;
  readonly #texts: DeviceTexts;

  constructor(records: DataView, at: number, index: number, originHigh: number, originLow: number) {
    const high = records.getUint32(at + OFFSET.time_ns + 4, true) - originHigh;
    this.index = index;
    this.t = (high * 2 ** 32 + (records.getUint32(at + OFFSET.time_ns, true) - originLow)) as TimeNs;
    this.stage = records.getUint8(at + OFFSET.stage);
    this.#record = records;
    this.#at = at;
    this.#texts = readDevice(records, at);
  }

  /** Whether both have the same header bytes, and in the same places. */
  static hasSameHeaders(a: RecordHop, b: RecordHop): boolean {
    if (a.#u32(OFFSET.header_len) !== b.#u32(OFFSET.header_len)) return false; // header_len and l3_offset
    if (a.linkType !== b.linkType || a.#vlanBits !== b.#vlanBits) return false;
    const length = Math.min(a.#u16(OFFSET.header_len), HEADERS_BYTES);
    let at = OFFSET.headers;
    for (const end = at + length - 3; at < end; at += 4) if (a.#u32(at) !== b.#u32(at)) return false;
    for (const end = OFFSET.headers + length; at < end; at++) {
      if (a.#record.getUint8(a.#at + at) !== b.#record.getUint8(b.#at + at)) return false;
    }
    return true;
  }

  /** The accelerated tag; -1 without one. */
  get #vlanBits(): number {
    return (this.flags & FLAG.VLAN) === 0 ? -1 : this.#u32(OFFSET.vlan_tci);
  }

  #u16(offset: number): number {
    return this.#record.getUint16(this.#at + offset, true);
  }
  #u32(offset: number): number {
    return this.#record.getUint32(this.#at + offset, true);
  }

  get packet(): PacketId {
    return readId(this.#record, this.#at + OFFSET.packet_id) as PacketId;
  }
  get skb(): SkbId {
    return readId(this.#record, this.#at + OFFSET.skb_id) as SkbId;
  }
  get netns(): NetnsId | null {
    return this.#texts.netns;
  }
  get netnsInum(): number {
    return this.#u32(OFFSET.netns_inum);
  }
  get ifindex(): number {
    return this.#u32(OFFSET.ifindex);
  }
  get device(): DeviceId | null {
    return this.#texts.device;
  }
  get ifname(): string {
    return this.#texts.ifname;
  }
  get len(): number {
    return this.#u32(OFFSET.len);
  }
  get flags(): number {
    return this.#record.getUint8(this.#at + OFFSET.flags);
  }
  get dataref(): number {
    return this.#u16(OFFSET.dataref);
  }
  get dropReason(): number {
    return this.#u32(OFFSET.drop_reason);
  }
  get location(): number {
    return this.#u32(OFFSET.drop_location);
  }
  get skbIif(): number {
    return this.#u32(OFFSET.skb_iif);
  }
  get protocol(): number {
    return this.#u16(OFFSET.protocol);
  }
  get linkType(): number {
    return this.#u16(OFFSET.link_type);
  }
  get vlan(): Hop['vlan'] {
    if ((this.flags & FLAG.VLAN) === 0) return null;
    return { tci: this.#u16(OFFSET.vlan_tci), protocol: this.#u16(OFFSET.vlan_proto) };
  }
  get cpu(): number {
    return this.#u16(OFFSET.cpu);
  }
  get headers(): Uint8Array {
    const length = Math.min(this.#u16(OFFSET.header_len), HEADERS_BYTES);
    return new Uint8Array(this.#record.buffer, this.#record.byteOffset + this.#at + OFFSET.headers, length);
  }
  get l3Offset(): number {
    return this.#u16(OFFSET.l3_offset);
  }
  get l4Offset(): number | null {
    const offset = this.#u16(OFFSET.l4_offset);
    return offset === NO_OFFSET ? null : offset;
  }
}

/** Whether two hops say the same in their headers: same bytes, same offsets, same VLAN tag and kind of device. */
export function hasSameHeaders(a: Hop, b: Hop): boolean {
  if (a instanceof RecordHop && b instanceof RecordHop) return RecordHop.hasSameHeaders(a, b);
  if (a.headers.length !== b.headers.length || a.l3Offset !== b.l3Offset || a.linkType !== b.linkType) return false;
  if (a.vlan?.tci !== b.vlan?.tci || a.vlan?.protocol !== b.vlan?.protocol) return false;
  return a.headers.every((byte, i) => byte === b.headers[i]);
}
