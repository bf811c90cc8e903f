// `hopscope demo`: the page from the recordings that come with Hopscope.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXIT, type ExitCode, Failure } from '../lib/failure.ts';
import { openRecordingFile, type RecordingFile } from '../recording/open-file.ts';
import { DEFAULT_PORT, type DEMO, type OptionValues } from './options.ts';
import { untilStopped } from './replay.ts';

/** As seen from the bundle in apps/agent/dist. */
const RECORDINGS = fileURLToPath(new URL('../../../recordings/', import.meta.url));
const ENDING = '.hops';

/** @throws Failure */
export async function demo({ port }: OptionValues<typeof DEMO.options>): Promise<ExitCode> {
  const files = new Map<string, RecordingFile>();
  for (const name of recordingsIn(RECORDINGS)) {
    files.set(name.slice(0, -ENDING.length), await openRecordingFile(join(RECORDINGS, name)));
  }
  if (files.size === 0) throw new Failure(EXIT.failure, `there are no recordings in ${RECORDINGS}`);
  return untilStopped({ files, port: port ?? DEFAULT_PORT, speed: 1, loop: true }, `${files.size} recordings`);
}

function recordingsIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(ENDING))
      .sort();
  } catch {
    return [];
  }
}
