// A long recording is written while it is read.
import type { RecordingEntry } from '@hopscope/protocol';
import { expect, test } from 'vitest';
import { formatNamed } from '../../apps/agent/src/export/formats.ts';
import { EVERYTHING, sourceOf } from './support/incident.ts';
import { longRecording } from './support/long-recording.ts';

const BLOCKS = 40;
const REPEATED = 6;

test.each(['jsonl', 'pcapng', 'otlp.json', 'hops'])('%s', async (name) => {
  const incident = await longRecording(REPEATED);
  const size = Math.ceil(incident.entries.length / BLOCKS);
  let written = 0;
  /** Bytes that were out when each block was asked for. */
  const outAt: number[] = [];
  const source = {
    ...sourceOf(incident),
    async *frames(): AsyncGenerator<readonly RecordingEntry[]> {
      for (let at = 0; at < incident.entries.length; at += size) {
        outAt.push(written);
        yield incident.entries.slice(at, at + size);
      }
    },
  };
  await formatNamed(name).write(source, EVERYTHING, async (part) => {
    written += part.length;
  });
  expect(outAt.length).toBeGreaterThan(20);
  // Some packets wait for earlier ones; what waits does not grow.
  const behind = outAt.map((out, i) => i / outAt.length - out / written);
  expect(Math.max(...behind)).toBeLessThan(0.4);
});
