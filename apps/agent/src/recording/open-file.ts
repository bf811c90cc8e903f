// A recording on disk, opened for reading. Nothing in it is believed: packages/protocol holds it to its bounds.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { openRecording, type Recording, RecordingError } from '@hopscope/protocol';
import { codeOf, EXIT, Failure, messageOf } from '../lib/failure.ts';
import { printable } from '../lib/printable.ts';

export interface RecordingFile {
  readonly recording: Recording;
  /** As given on the command line, fit for a terminal. */
  readonly name: string;
  readonly bytes: number;
  /** Fewer bytes than asked for at the end. */
  read(offset: number, bytes: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

const unpack = promisify(gunzip);
/** A block in one go, as a rule: each chunk is a turn through a thread. */
const CHUNK_BYTES = 2 * 1024 * 1024;

/** @throws Failure when there is no such file, or it is no recording that this build reads */
export async function openRecordingFile(path: string): Promise<RecordingFile> {
  const name = printable(path);
  const file = await openForReading(path, name);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Failure(EXIT.failure, `${name} is no ordinary file`);
    const source = {
      bytes: stats.size,
      async read(offset: number, bytes: number): Promise<Uint8Array> {
        const buffer = new Uint8Array(Math.max(0, Math.min(bytes, stats.size - offset)));
        let at = 0;
        while (at < buffer.byteLength) {
          const { bytesRead } = await file.read(buffer, at, buffer.byteLength - at, offset + at);
          if (bytesRead === 0) break;
          at += bytesRead;
        }
        return buffer.subarray(0, at);
      },
    };
    const recording = await openRecording(source, (packed, maxBytes) =>
      unpack(packed, { maxOutputLength: Math.max(1, maxBytes), chunkSize: CHUNK_BYTES }),
    );
    return { recording, name, ...source, close: () => file.close() };
  } catch (error) {
    await file.close();
    if (error instanceof RecordingError) throw new Failure(EXIT.failure, `${name}: ${error.message}`, { cause: error });
    throw error;
  }
}

async function openForReading(path: string, name: string): Promise<FileHandle> {
  try {
    // Not to wait for the other end of a named pipe.
    return await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const why = codeOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error);
    throw new Failure(EXIT.failure, `${name} cannot be read: ${printable(why)}`, { cause: error });
  }
}
