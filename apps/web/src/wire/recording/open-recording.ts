// Opens a recording without any server: a file that was dropped or chosen, or bytes that the page was given.
import { openRecording, type Recording, RecordingError } from '@hopscope/protocol';
import { blobSource, gunzip } from './blob-source.ts';

/** A recording that can be read, and where its bytes are. */
export interface OpenedRecording {
  readonly name: string;
  readonly bytes: Blob;
  readonly recording: Recording;
}

/** Some 25 million hops. Taking them in would keep a page busy for minutes. */
const MAX_BYTES = 256 * 1024 * 1024;

/** @throws Error with one line for the person when it is none that this page can show */
export async function openRecordingFile(bytes: Blob, name: string): Promise<OpenedRecording> {
  if (bytes.size > MAX_BYTES) {
    const gib = (bytes.size / 1024 ** 3).toFixed(1);
    throw new Error(
      `${name} has ${gib} GiB, a page opens up to ${MAX_BYTES / 1024 ** 2} MiB: hopscope replay plays it, hopscope trace -r reads it`,
    );
  }
  try {
    const recording = await openRecording(blobSource(bytes), gunzip);
    const { damage, blocks } = recording;
    if (blocks.length === 0) {
      const why = damage === null ? 'there is no packet in it' : `at byte ${damage.offset}: ${damage.message}`;
      throw new RecordingError(`nothing to show: ${why}`);
    }
    // Its content is checked before anything on the page changes for it.
    await recording.read(blocks[0] as (typeof blocks)[number]);
    return { name, bytes, recording };
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
