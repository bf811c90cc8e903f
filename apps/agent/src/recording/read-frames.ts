// A recording's frames from its start, block by block, each told once.
import { type Recording, type RecordingEntry, RecordingError } from '@hopscope/protocol';
import { EXIT, Failure, messageOf } from '../lib/failure.ts';
import type { RecordingFile } from './open-file.ts';

/**
 * The whole picture that later blocks begin with is left out: what came before has said it.
 * @throws Failure at a block that is broken; what was given until then is good
 */
export async function* readFrames({ recording, name }: RecordingFile): AsyncGenerator<readonly RecordingEntry[]> {
  const { blocks } = recording;
  let hops = 0;
  let reading = readAhead(recording, blocks[0]);
  for (const [i, block] of blocks.entries()) {
    let entries: RecordingEntry[];
    try {
      entries = await reading;
    } catch (error) {
      if (!(error instanceof RecordingError)) throw error;
      throw new Failure(EXIT.failure, told(name, `${messageOf(error)}: ${whatWasRead(hops)}`), { cause: error });
    }
    // Unpacked by another thread while this one is looked at.
    reading = readAhead(recording, blocks[i + 1]);
    yield i === 0 ? entries : entries.slice(block.keyframes);
    hops += block.hops;
  }
}

/** Its failure is told to who waits for it, and to nobody when that never comes to pass. */
function readAhead({ read }: Recording, block: Recording['blocks'][number] | undefined): Promise<RecordingEntry[]> {
  const reading = block === undefined ? Promise.resolve([]) : read(block);
  reading.catch(() => undefined);
  return reading;
}

/** Why the file could not be read to its end; null for a whole one. */
export function damageOf({ recording, name }: RecordingFile): string | null {
  const { damage, blocks } = recording;
  if (damage === null) return null;
  const hops = blocks.reduce((sum, block) => sum + block.hops, 0);
  return told(name, `at byte ${damage.offset}: ${damage.message}: ${whatWasRead(hops)}`);
}

/** @param name empty = the file's name is not to be told */
const told = (name: string, what: string): string => (name === '' ? what : `${name}: ${what}`);

function whatWasRead(hops: number): string {
  return hops === 0 ? 'nothing could be read' : `the ${hops} hops before it were read`;
}
