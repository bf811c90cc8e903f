// A look at the raw records on their way through: is there a device nobody has listed, a drop location without a name, or a drop?
// Straight from the bytes; a full decode would cost more than everything else this process does.
import { FLAG, OFFSET, RECORD_BYTES, STAGE } from '@hopscope/protocol';

/** What the inventory knows: namespace inum → ifindexes. */
export type KnownDevices = ReadonlyMap<number, ReadonlySet<number>>;

export interface ScanResult {
  /** A record is from a namespace or device that is not among the known. */
  readonly unknownDevice: boolean;
  /** The largest index into the drop locations' names, 0 when there is none. */
  readonly maxLocation: number;
  /** Offsets of the records that end a packet as a drop, the first DROPS_MAX of them. */
  readonly drops: readonly number[];
}

/** More drops in one batch say nothing new about why. */
const DROPS_MAX = 32;

/** @param records whole records, one behind the other */
export function scanRecords(records: Uint8Array, known: KnownDevices): ScanResult {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  let unknownDevice = false;
  let maxLocation = 0;
  const drops: number[] = [];
  let lastInum = 0;
  let lastIfindex = 0;
  for (let at = 0; at + RECORD_BYTES <= records.byteLength; at += RECORD_BYTES) {
    const location = view.getUint32(at + OFFSET.drop_location, true);
    // Only a free by kfree_skb has a location, so that all other records cost nothing here.
    if (location !== 0) {
      if (location > maxLocation) maxLocation = location;
      if (isEnd(view, at) && drops.length < DROPS_MAX) drops.push(at);
    }
    const inum = view.getUint32(at + OFFSET.netns_inum, true);
    const ifindex = view.getUint32(at + OFFSET.ifindex, true);
    if (inum === lastInum && ifindex === lastIfindex) continue;
    lastInum = inum;
    lastIfindex = ifindex;
    // 0: the packet was on no device.
    if (inum !== 0 && ifindex !== 0 && known.get(inum)?.has(ifindex) !== true) unknownDevice = true;
  }
  return { unknownDevice, maxLocation, drops };
}

/** No other holder of the packet's data is left. */
function isEnd(view: DataView, at: number): boolean {
  return view.getUint8(at + OFFSET.stage) === STAGE.kfree_skb && (view.getUint8(at + OFFSET.flags) & FLAG.LAST) !== 0;
}
