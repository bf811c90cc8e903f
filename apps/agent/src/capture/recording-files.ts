// Recordings of `hopscope record`: one file, or FILE.1, FILE.2, … one after the other.
import { EXIT, Failure, messageOf } from '../lib/failure.ts';
import type { FileSink } from './child.ts';
import { createNewFile, type NewFile, type Owner } from './new-file.ts';

export interface RecordingFilesOptions {
  readonly path: string;
  readonly isRotating: boolean;
  readonly force: boolean;
  readonly owner: Owner | null;
}

export interface RecordingFiles extends FileSink {
  close(): void;
}

/** Makes the first file at once, so that what is wrong with it is known before anything else is done. @throws Failure */
export function openRecordingFiles({ path, isRotating, force, owner }: RecordingFilesOptions): RecordingFiles {
  let number = 1;
  let file: NewFile | null = make();
  let isBegun = false;
  let hops = 0;

  function make(): NewFile {
    return createNewFile(isRotating ? `${path}.${number}` : path, owner, force);
  }

  return {
    begin() {
      if (isBegun) {
        file?.close();
        number++;
        file = make();
      }
      isBegun = true;
    },
    write(bytes, hopsInThese) {
      if (file === null) return;
      try {
        file.append(bytes);
      } catch (error) {
        const kept = `the ${hops} hops in the ${file.bytes} bytes before are whole`;
        throw new Failure(EXIT.failure, `${messageOf(error)}, so the recording has ended: ${kept}`, { cause: error });
      }
      hops += hopsInThese;
    },
    end() {},
    close() {
      file?.close();
      file = null;
    },
  };
}
