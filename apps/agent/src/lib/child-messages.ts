// What the unprivileged child may tell the capture process, on the same socket that brings it frames and in the same framing: short JSON
// messages, and the bytes of a recording that the capture process writes to a file for it.
import { createFrameSplitter, FRAME_HEADER_BYTES, FRAME_KIND, FrameError, writeFrameHeader } from '@hopscope/protocol';
import * as v from 'valibot';

const ChildMessage = v.variant('type', [
  /** Pages are served. */
  v.object({ type: v.literal('listening'), port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535)) }),
  /** End the capture, please. */
  v.object({ type: v.literal('finish') }),
  /** What follows is a new recording. */
  v.object({ type: v.literal('file') }),
  /** The recording is whole. */
  v.object({ type: v.literal('file-end') }),
]);
export type ChildMessage = v.InferOutput<typeof ChildMessage>;

export interface ChildMessageHandlers {
  onMessage(message: ChildMessage): void;
  /** @param bytes a whole block, header or footer @param hops in it */
  onFileBytes(bytes: Uint8Array, hops: number): void;
}

/** A block of a recording is some 100 kB; this is what a reader of recordings would still take. */
const MAX_BYTES = 40 * 1024 * 1024;
const MESSAGE_MAX_BYTES = 256;
const COUNT_BYTES = 4;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeChildMessage(message: ChildMessage): Uint8Array {
  return frame(FRAME_KIND.control, [encoder.encode(JSON.stringify(message))]);
}

export function encodeFileBytes(bytes: Uint8Array, hops: number): Uint8Array {
  const count = new Uint8Array(COUNT_BYTES);
  new DataView(count.buffer).setUint32(0, hops, true);
  return frame(FRAME_KIND.hops, [count, bytes]);
}

function frame(kind: number, parts: readonly Uint8Array[]): Uint8Array {
  const payload = parts.reduce((sum, part) => sum + part.byteLength, 0);
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + payload);
  writeFrameHeader(bytes, kind, payload);
  let at = FRAME_HEADER_BYTES;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

/** @returns takes what came; it throws FrameError when that is nothing a child of ours says, and what the handlers throw */
export function createChildReader(handlers: ChildMessageHandlers): (chunk: Uint8Array) => void {
  const splitter = createFrameSplitter(MAX_BYTES);
  return (chunk) => {
    for (const { kind, payload } of splitter.push(chunk)) {
      if (kind === FRAME_KIND.control) handlers.onMessage(readMessage(payload));
      else if (payload.byteLength < COUNT_BYTES) throw new FrameError('file bytes without a count');
      else {
        const hops = new DataView(payload.buffer, payload.byteOffset).getUint32(0, true);
        handlers.onFileBytes(payload.subarray(COUNT_BYTES), hops);
      }
    }
  };
}

function readMessage(payload: Uint8Array): ChildMessage {
  if (payload.byteLength > MESSAGE_MAX_BYTES) throw new FrameError(`a message of ${payload.byteLength} bytes`);
  try {
    return v.parse(ChildMessage, JSON.parse(decoder.decode(payload)));
  } catch {
    throw new FrameError('an unknown message');
  }
}
