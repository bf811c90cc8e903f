// A large batch as several small ones that say the same, so that taking them in can stop in between for a frame to be drawn.
import { BATCH_HEADER_BYTES, RECORD_BYTES, readBatch, writeBatchHeader } from '@hopscope/protocol';

const RECORDS = 192;

/** @throws BatchError when the bytes are no whole batch */
export function splitBatch(bytes: Uint8Array): Uint8Array[] {
  const batch = readBatch(bytes, 0n);
  const headerBytes = bytes.byteLength - batch.count * RECORD_BYTES;
  // Records of a newer agent are longer: such a batch stays whole.
  if (batch.count <= RECORDS || headerBytes !== BATCH_HEADER_BYTES) return [bytes];
  const parts: Uint8Array[] = [];
  for (let from = 0; from < batch.count; from += RECORDS) {
    const to = Math.min(batch.count, from + RECORDS);
    const part = new Uint8Array(BATCH_HEADER_BYTES + (to - from) * RECORD_BYTES);
    part.set(bytes.subarray(headerBytes + from * RECORD_BYTES, headerBytes + to * RECORD_BYTES), BATCH_HEADER_BYTES);
    // What was left out lies among these records and behind them: nobody may take it for a hole before the end.
    const skipped = to === batch.count ? batch.skipped : 0;
    const { kernelMissed, missedSinceNs } = batch;
    writeBatchHeader(part, to - from, batch.firstHop + from, { skipped, kernelMissed, missedSinceNs });
    parts.push(part);
  }
  return parts;
}
