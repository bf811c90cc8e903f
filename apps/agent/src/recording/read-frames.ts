// A recording's frames from its start, block by block, each told once.
import { type RecordingEntry, RecordingError } from '@hopscope/protocol';
import { EXIT, Failure, messageOf } from '../lib/failure.ts';
import type { RecordingFile } from './open-file.ts';

/**
 * The whole picture that later blocks begin with is left out: what came before has said it.
 * @throws Failure at a block that is broken; what was given until then is good
 */
export async function* readFrames({ recording, name }: RecordingFile): AsyncGenerator<readonly RecordingEntry[]> {
  let hops = 0;
  for (const [i, block] of recording.blocks.entries()) {
    let entries: RecordingEntry[];
    try {
      entries = await recording.read(block);
    } catch (error) {
      if (!(error instanceof RecordingError)) throw error;
      throw new Failure(EXIT.failure, `${name}: ${messageOf(error)}: ${whatWasRead(hops)}`, { cause: error });
    }
    yield i === 0 ? entries : entries.slice(block.keyframes);
    hops += block.hops;
  }
}

/** Why the file could not be read to its end; null for a whole one. */
export function damageOf({ recording, name }: RecordingFile): string | null {
  const { damage, blocks } = recording;
  if (damage === null) return null;
  const hops = blocks.reduce((sum, block) => sum + block.hops, 0);
  return `${name}: at byte ${damage.offset}: ${damage.message}: ${whatWasRead(hops)}`;
}

function whatWasRead(hops: number): string {
  return hops === 0 ? 'nothing could be read' : `the ${hops} hops before it were read`;
}
