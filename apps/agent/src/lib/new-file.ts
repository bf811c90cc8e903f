// A file that root makes for whoever called it, where others may have been before.
import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join, parse, resolve, sep } from 'node:path';
import { codeOf, EXIT, Failure, messageOf } from './failure.ts';
import { printable } from './printable.ts';

const STICKY = 0o1000;

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface NewFile {
  /** As given, fit for a terminal. */
  readonly name: string;
  /** Written whole so far. */
  readonly bytes: number;
  /** All or nothing. @throws Failure when the disk is full or does not answer; what was written before is still there */
  append(bytes: Uint8Array): void;
  /** A file that nothing was written to is removed. */
  close(): void;
}

/**
 * Only its owner may read it. What it is made of is never somebody's link.
 * @param owner whom it is given to; null = it stays ours
 * @param force a file that is there already is replaced
 * @param name how it is called for a person
 * @throws Failure
 */
export function createNewFile(
  path: string,
  owner: Owner | null,
  force: boolean,
  name: string = printable(path),
): NewFile {
  refuseOthersLinks(path, name);
  const there = statOf(path);
  if (there !== null) {
    if (!there.isFile()) throw new Failure(EXIT.failure, `${name} is no ordinary file: choose another name`);
    if (!force) throw new Failure(EXIT.failure, `${name} is there already: --force replaces it`);
    attempt(name, () => unlinkSync(path));
  }
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
  const fd = attempt(name, () => openSync(path, flags, 0o600));
  if (owner !== null) attempt(name, () => fchownSync(fd, owner.uid, owner.gid));
  let bytes = 0;
  return {
    name,
    get bytes() {
      return bytes;
    },
    append(data) {
      let at = 0;
      try {
        while (at < data.byteLength) at += writeSync(fd, data, at, data.byteLength - at, bytes + at);
      } catch (error) {
        cutTo(fd, bytes);
        const why = codeOf(error) === 'ENOSPC' ? 'the disk is full' : printable(messageOf(error));
        throw new Failure(EXIT.failure, `${name} cannot be written: ${why}`, { cause: error });
      }
      bytes += data.byteLength;
    },
    close() {
      const { dev, ino } = fstatSync(fd);
      closeSync(fd);
      const named = bytes === 0 ? statOf(path) : null;
      if (named !== null && named.dev === dev && named.ino === ino) unlinkSync(path);
    },
  };
}

/** Half a block at the end does no harm: readers stop before it. */
function cutTo(fd: number, bytes: number): void {
  try {
    ftruncateSync(fd, bytes);
  } catch {
    // The disk that does not write does not cut either.
  }
}

function statOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}

function attempt<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Failure(EXIT.failure, `${name} cannot be made: ${whyNotMade(error)}`, { cause: error });
  }
}

/** For a person. The words of the error itself name a file that may not be the one that was asked for. */
export function whyNotMade(error: unknown): string {
  const known: Readonly<Record<string, string>> = {
    EEXIST: 'somebody else has just made it',
    ENOENT: 'its folder is not there',
    ENOTDIR: 'its folder is none',
    EACCES: 'its folder may not be written to',
    EROFS: 'the file system is read-only',
    ENAMETOOLONG: 'the name is too long',
    ENOSPC: 'the disk is full',
  };
  return known[codeOf(error)] ?? printable(messageOf(error));
}

/** As fs.protected_symlinks does where it is on: in a folder that everybody may write to, links of others are not followed. */
function refuseOthersLinks(path: string, name: string): void {
  const folder = dirname(resolve(path));
  const { root } = parse(folder);
  let at = root;
  for (const part of folder.slice(root.length).split(sep)) {
    const parent = statOf(at);
    at = join(at, part);
    const link = statOf(at);
    if (link?.isSymbolicLink() !== true || parent === null) continue;
    const isOurs = link.uid === process.geteuid?.() || link.uid === parent.uid;
    if ((parent.mode & STICKY) !== 0 && !isOurs) {
      throw new Failure(EXIT.failure, `${name}: ${printable(at)} is a link that somebody else has put there`);
    }
  }
}
