// How frames become bytes and back.
//
// On a stream (pipe, file) a frame has an 8-byte header: u32 payload bytes, u8 kind, three zero bytes.
// On a WebSocket the message is the frame: text for a control frame, binary for a hop batch.
import * as v from 'valibot';
import { ClientFrame, ServerFrame } from './frames.ts';

export const FRAME_HEADER_BYTES = 8;
export const FRAME_KIND = { control: 1, hops: 2 } as const;

/** A stream frame larger than this is a broken stream. The largest honest one, a topology of 1,000 links, is under 1 MiB. */
export const FRAME_MAX_BYTES = 64 * 1024 * 1024;

/** Where the page opens its WebSocket. */
export const SOCKET_PATH = '/ws';

/** A page never sends more than this. */
export const CLIENT_FRAME_MAX_BYTES = 1024;

export class FrameError extends Error {
  override name = 'FrameError';
}

export interface StreamFrame {
  readonly kind: number;
  readonly payload: Uint8Array;
}

export function writeFrameHeader(frame: Uint8Array, kind: number, payloadBytes: number): void {
  const view = new DataView(frame.buffer, frame.byteOffset, FRAME_HEADER_BYTES);
  view.setUint32(0, payloadBytes, true);
  view.setUint32(4, kind, true);
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** A control frame as it goes on a stream. */
export function encodeControlFrame(frame: ServerFrame): Uint8Array {
  const payload = encoder.encode(JSON.stringify(frame));
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + payload.byteLength);
  writeFrameHeader(bytes, FRAME_KIND.control, payload.byteLength);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

/** @throws FrameError saying which part is wrong */
export function parseServerFrame(text: string): ServerFrame {
  return parseFrame(ServerFrame, text);
}

/** @throws FrameError saying which part is wrong */
export function parseClientFrame(text: string): ClientFrame {
  return parseFrame(ClientFrame, text);
}

/** @throws FrameError */
export function parseControlPayload(payload: Uint8Array): ServerFrame {
  let text: string;
  try {
    text = decoder.decode(payload);
  } catch {
    throw new FrameError('control frame is not UTF-8');
  }
  return parseServerFrame(text);
}

function parseFrame<Schema extends v.GenericSchema>(schema: Schema, text: string): v.InferOutput<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new FrameError('frame is not JSON');
  }
  const result = v.safeParse(schema, json, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new FrameError(`frame: ${v.getDotPath(issue) ?? 'top level'}: ${issue.message}`);
}

/** Cuts a byte stream into frames. Keeps at most one unfinished frame. */
export interface FrameSplitter {
  /** @throws FrameError when the stream cannot be one of frames; the splitter is then of no further use */
  push(chunk: Uint8Array): StreamFrame[];
  /** Bytes of an unfinished frame: not 0 at the stream's end means it was cut. */
  readonly pendingBytes: number;
}

export function createFrameSplitter(maxBytes = FRAME_MAX_BYTES): FrameSplitter {
  // Chunks are collected and joined once per frame, so that a large frame in small chunks costs one copy.
  let chunks: Uint8Array[] = [];
  let have = 0;
  let need = FRAME_HEADER_BYTES;
  let kind = 0;

  function take(bytes: number): Uint8Array {
    const first = chunks[0];
    if (first !== undefined && first.byteLength >= bytes) {
      if (first.byteLength === bytes) chunks.shift();
      else chunks[0] = first.subarray(bytes);
      have -= bytes;
      return first.subarray(0, bytes);
    }
    const joined = new Uint8Array(have);
    let at = 0;
    for (const chunk of chunks) {
      joined.set(chunk, at);
      at += chunk.byteLength;
    }
    chunks = joined.byteLength > bytes ? [joined.subarray(bytes)] : [];
    have -= bytes;
    return joined.subarray(0, bytes);
  }

  return {
    push(chunk) {
      const frames: StreamFrame[] = [];
      if (chunk.byteLength > 0) chunks.push(chunk);
      have += chunk.byteLength;
      while (have >= need) {
        if (kind === 0) {
          const header = take(FRAME_HEADER_BYTES);
          const view = new DataView(header.buffer, header.byteOffset, FRAME_HEADER_BYTES);
          const bytes = view.getUint32(0, true);
          kind = view.getUint32(4, true);
          if (kind !== FRAME_KIND.control && kind !== FRAME_KIND.hops)
            throw new FrameError(`unknown frame kind ${kind}`);
          if (bytes > maxBytes) throw new FrameError(`frame of ${bytes} bytes, at most ${maxBytes} are allowed`);
          need = bytes;
        } else {
          frames.push({ kind, payload: take(need) });
          kind = 0;
          need = FRAME_HEADER_BYTES;
        }
      }
      return frames;
    },
    get pendingBytes() {
      return kind === 0 ? have : have + FRAME_HEADER_BYTES;
    },
  };
}
