// What must be true of every record, whatever the packet.
import { OFFSET, RECORD_BYTES } from '@hopscope/protocol';
import { expect } from 'vitest';
import { CANARY } from './frames.ts';
import type { Recording } from './recorder.ts';

/** No payload byte: nothing after `header_len`, and the pattern of our payloads nowhere. */
export function expectNoPayload({ bytes, hops }: Recording): void {
  const canary = Buffer.concat([CANARY, CANARY]);
  for (let start = 0; start < CANARY.length; start++) {
    expect(Buffer.from(bytes).includes(canary.subarray(start, start + 4)), 'payload in a record').toBe(false);
  }
  for (const [i, hop] of hops.entries()) {
    const at = i * RECORD_BYTES + OFFSET.headers + hop.headers.length;
    const rest = bytes.subarray(at, (i + 1) * RECORD_BYTES);
    expect(rest.every((byte) => byte === 0)).toBe(true);
  }
}
