// Where an export goes: a file that has its name only once it is whole, or stdout.

import { randomBytes } from 'node:crypto';
import { linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs';
import { codeOf, EXIT, Failure, messageOf } from '../lib/failure.ts';
import { createNewFile, type Owner, whyNotMade } from '../lib/new-file.ts';
import { printable } from '../lib/printable.ts';
import type { ExportOutput } from './format.ts';

export interface ExportTarget {
  readonly write: ExportOutput;
  /** It is whole: gives it its name. @throws Failure */
  finish(): Promise<void>;
  /** Nothing is left of it. */
  discard(): void;
  /** Written so far. */
  readonly bytes: number;
}

/**
 * @param owner whom the file is given to; null = it stays ours
 * @param force a file that is there already is replaced, once the new one is whole
 * @throws Failure when it cannot be made, or is there already
 */
export function openFileTarget(path: string, owner: Owner | null, force: boolean): ExportTarget {
  const name = printable(path);
  refuseWhatIsThere(path, name, force);
  const temporary = `${path}.${randomBytes(4).toString('hex')}.part`;
  const file = createNewFile(temporary, owner, false, name);
  let isOpen = true;
  const close = () => {
    if (isOpen) file.close();
    isOpen = false;
  };
  return {
    async write(part) {
      file.append(typeof part === 'string' ? Buffer.from(part) : part);
    },
    async finish() {
      close();
      try {
        giveName(temporary, path, force);
      } catch (error) {
        remove(temporary);
        throw new Failure(EXIT.failure, `${name} cannot be made: ${whyNotMade(error)}`, { cause: error });
      }
    },
    discard() {
      close();
      remove(temporary);
    },
    get bytes() {
      return file.bytes;
    },
  };
}

function refuseWhatIsThere(path: string, name: string, force: boolean): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isFile()) throw new Failure(EXIT.failure, `${name} is no ordinary file: choose another name`);
  if (!force) throw new Failure(EXIT.failure, `${name} is there already: --force replaces it`);
}

function giveName(temporary: string, path: string, force: boolean): void {
  if (force) {
    renameSync(temporary, path);
    return;
  }
  try {
    // Unlike a rename, this never replaces what somebody made meanwhile.
    linkSync(temporary, path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw error;
    // A file system without links.
    renameSync(temporary, path);
    return;
  }
  unlinkSync(temporary);
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone already.
  }
}

/** @param stream stdout */
export function openStreamTarget(stream: NodeJS.WriteStream): ExportTarget {
  let bytes = 0;
  let broken: Error | null = null;
  // Unlike lines for a person, half of an export is a failure, also when its reader has gone.
  stream.removeAllListeners('error');
  stream.on('error', (error) => {
    broken ??= error;
  });
  const refuse = (error: Error) => {
    const why =
      codeOf(error) === 'EPIPE'
        ? 'whoever read it has gone'
        : codeOf(error) === 'ENOSPC'
          ? 'the disk is full'
          : printable(messageOf(error));
    return new Failure(EXIT.failure, `the output cannot be written: ${why}: what is there of it is not whole`);
  };
  return {
    write(part) {
      return new Promise((resolve, reject) => {
        if (broken !== null) {
          reject(refuse(broken));
          return;
        }
        stream.write(part, (error) => (error ? reject(refuse(error)) : resolve()));
        bytes += typeof part === 'string' ? Buffer.byteLength(part) : part.byteLength;
      });
    },
    async finish() {},
    discard() {},
    get bytes() {
      return bytes;
    },
  };
}
