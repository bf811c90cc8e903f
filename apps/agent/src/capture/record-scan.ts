// A look at the raw records on their way through: is there a device nobody has listed, or a drop location without a name?
// Straight from the bytes; a full decode would cost more than everything else this process does.
import { OFFSET, RECORD_BYTES } from '@hopscope/protocol';

/** What the inventory knows: namespace inum → ifindexes. */
export type KnownDevices = ReadonlyMap<number, ReadonlySet<number>>;

export interface ScanResult {
  /** A record is from a namespace or device that is not among the known. */
  readonly unknownDevice: boolean;
  /** The largest index into the drop locations' names, 0 when there is none. */
  readonly maxLocation: number;
}

/** @param records whole records, one behind the other */
export function scanRecords(records: Uint8Array, known: KnownDevices): ScanResult {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  let unknownDevice = false;
  let maxLocation = 0;
  let lastInum = 0;
  let lastIfindex = 0;
  for (let at = 0; at + RECORD_BYTES <= records.byteLength; at += RECORD_BYTES) {
    const location = view.getUint32(at + OFFSET.drop_location, true);
    if (location > maxLocation) maxLocation = location;
    const inum = view.getUint32(at + OFFSET.netns_inum, true);
    const ifindex = view.getUint32(at + OFFSET.ifindex, true);
    if (inum === lastInum && ifindex === lastIfindex) continue;
    lastInum = inum;
    lastIfindex = ifindex;
    // 0: the packet was on no device.
    if (inum !== 0 && ifindex !== 0 && known.get(inum)?.has(ifindex) !== true) unknownDevice = true;
  }
  return { unknownDevice, maxLocation };
}
