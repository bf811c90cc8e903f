// GET /recording of a file that is being played: all of it, or a range, so that a page can seek in one that it would not hold in memory.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RecordingFile } from '../recording/open-file.ts';
import { answer } from './http.ts';

const CHUNK_BYTES = 256 * 1024;

export function answerRecording(file: RecordingFile, request: IncomingMessage, response: ServerResponse): void {
  const range = readRange(request.headers.range, file.bytes);
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Disposition', `attachment; filename="${fileName(file.name)}"`);
  if (range === null) {
    response.setHeader('Content-Range', `bytes */${file.bytes}`);
    answer(response, 416, 'no such range');
    return;
  }
  const { from, to, isPart } = range;
  response.statusCode = isPart ? 206 : 200;
  if (isPart) response.setHeader('Content-Range', `bytes ${from}-${to - 1}/${file.bytes}`);
  response.setHeader('Content-Type', 'application/octet-stream');
  response.setHeader('Content-Length', to - from);
  if (request.method === 'HEAD') response.end();
  // Whoever asked may be gone before the end, and the file may have become shorter.
  else pipeline(Readable.from(chunks(file, from, to), { objectMode: false }), response).catch(() => response.destroy());
}

/** As a header may say it. */
const fileName = (path: string): string => basename(path).replace(/[^\w.-]/g, '_');

interface Range {
  readonly from: number;
  /** Past the last byte. */
  readonly to: number;
  readonly isPart: boolean;
}

/** `bytes=0-99`, `bytes=100-`, `bytes=-50`. Several at once are answered with the whole, as RFC 9110 allows. @returns null when there is none */
function readRange(header: string | undefined, bytes: number): Range | null {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return { from: 0, to: bytes, isPart: false };
  const from = first === '' ? Math.max(0, bytes - Number(last)) : Number(first);
  const to = first === '' || last === '' ? bytes : Math.min(bytes, Number(last) + 1);
  return from < to ? { from, to, isPart: true } : null;
}

async function* chunks(file: RecordingFile, from: number, to: number): AsyncGenerator<Uint8Array> {
  for (let at = from; at < to; ) {
    const bytes = await file.read(at, Math.min(CHUNK_BYTES, to - at));
    if (bytes.byteLength === 0) throw new Error('the file has become shorter');
    yield bytes;
    at += bytes.byteLength;
  }
}
