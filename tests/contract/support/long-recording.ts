// A recording as long as is wanted: the same pings again and again, each time some seconds later and with packets of their own.
import { OFFSET, type RecordingEntry, readBatch, type TimeNs, writeBatchHeader } from '@hopscope/protocol';
import { type Incident, inRecords, readIncident } from './incident.ts';

const EVERY_NS = 5_000_000_000;

export async function longRecording(times: number): Promise<Incident> {
  const once = await readIncident('flood');
  const batches = once.entries.flatMap(({ t, frame }) => (frame instanceof Uint8Array ? [{ t, frame }] : []));
  const before = once.entries.filter(({ frame }) => !(frame instanceof Uint8Array) && frame.type !== 'ledger');
  const entries: RecordingEntry[] = [...before];
  let position = 0;
  for (let i = 0; i < times; i++) {
    for (const { t, frame } of batches) {
      const later = inRecords(frame, (record) => shift(record, i));
      const { count } = readBatch(later, 0n);
      writeBatchHeader(later, count, position);
      position += count;
      entries.push({ t: (t + i * EVERY_NS) as TimeNs, frame: later });
    }
  }
  return { header: once.header, entries };
}

/** Ids are opaque: the top bits of 2^53 are as good as others. */
function shift(record: Uint8Array, i: number): void {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  view.setBigUint64(OFFSET.time_ns, view.getBigUint64(OFFSET.time_ns, true) + BigInt(i) * BigInt(EVERY_NS), true);
  for (const field of [OFFSET.packet_id, OFFSET.skb_id]) {
    const id = view.getBigUint64(field, true);
    if (id !== 0n) view.setBigUint64(field, (id + BigInt(i) * 1_000_003n) % 2n ** 53n, true);
  }
}
