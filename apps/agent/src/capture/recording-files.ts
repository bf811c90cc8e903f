// Recordings of `hopscope record`: one file, or FILE.1, FILE.2, … one after the other.

import { hostname } from 'node:os';
import { EXIT, Failure, messageOf } from '../lib/failure.ts';
import { createNewFile, type NewFile, type Owner } from '../lib/new-file.ts';
import { recordingName } from '../recording/recording-name.ts';
import type { FileSink } from './child.ts';

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

export interface SavedFiles extends FileSink {
  /** The next recording that the child makes is wanted. One that nobody asked for is not written. */
  expect(): void;
  close(): void;
}

/**
 * What the gateway has kept, on SIGUSR2, into a new file in the working directory. Whatever goes wrong is said and ends nothing.
 * @param say a line for the person
 */
export function openSavedFiles(owner: Owner | null, maxBytes: number, say: (line: string) => void): SavedFiles {
  let isExpected = false;
  let file: NewFile | null = null;
  let hops = 0;

  function attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      say(`hopscope: ${messageOf(error)}`);
      close();
    }
  }

  function close(): void {
    file?.close();
    file = null;
  }

  return {
    expect() {
      isExpected = true;
    },
    begin() {
      if (!isExpected) return;
      isExpected = false;
      hops = 0;
      attempt(() => {
        file = createNewFile(recordingName(hostname(), new Date()), owner, false);
      });
    },
    write(bytes, hopsInThese) {
      attempt(() => {
        if (file !== null && file.bytes + bytes.byteLength > maxBytes)
          throw new Error(`${file.name} is larger than it can be`);
        file?.append(bytes);
      });
      hops += hopsInThese;
    },
    end() {
      if (file === null) return;
      say(`Saved the last ${hops} hops: ${file.name} (${file.bytes} bytes)`);
      close();
    },
    close,
  };
}
