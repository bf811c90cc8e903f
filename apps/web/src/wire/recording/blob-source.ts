// A file that somebody chose, or bytes in memory, read piece by piece: no more of it is in memory than is asked for.
import type { RecordingSource } from '@hopscope/protocol';

export function blobSource(blob: Blob): RecordingSource {
  return {
    bytes: blob.size,
    async read(offset, bytes) {
      return new Uint8Array(await blob.slice(offset, offset + bytes).arrayBuffer());
    },
  };
}

/** @throws Error when it is no gzip, or gives more than that: nothing beyond is unpacked */
export async function gunzip(packed: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const stream = new Blob([new Uint8Array(packed)]).stream().pipeThrough(new DecompressionStream('gzip'));
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    total += value.byteLength;
    if (total > maxBytes) {
      await reader.cancel();
      throw new Error(`it unpacks to more than ${maxBytes} bytes`);
    }
    parts.push(value);
  }
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

export async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
