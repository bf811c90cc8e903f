// A recording on disk as the source of an export.
import type { RecordingEntry } from '@hopscope/protocol';
import { Failure, messageOf } from '../lib/failure.ts';
import type { RecordingFile } from '../recording/open-file.ts';
import { damageOf, readFrames } from '../recording/read-frames.ts';
import type { ExportSource } from './format.ts';

/** The file's own name may tell what redaction hides, so nothing that is exported says it. */
const UNNAMED = '';

export function sourceOf(file: RecordingFile): ExportSource {
  const unnamed = { ...file, name: UNNAMED };
  let broken: string | null = null;
  return {
    header: file.recording.header,
    begin: (file.recording.blocks[0]?.keyframes ?? 0) === 0 ? 'start' : 'here',
    async *frames(): AsyncGenerator<readonly RecordingEntry[]> {
      try {
        yield* readFrames(unnamed);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        broken = messageOf(error);
      }
    },
    get damage() {
      return broken ?? damageOf(unnamed);
    },
  };
}
