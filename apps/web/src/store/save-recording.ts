// A recording into the person's downloads; while the page shows stand-ins, with stand-ins.
import { type Redactor, redactRecording } from '@hopscope/model';
import { openRecording } from '@hopscope/protocol';
import { blobSource, gunzip, gzip } from '../wire/recording/blob-source.ts';

/** @throws RecordingError */
export async function redacted(bytes: Blob, redactor: Redactor): Promise<Blob> {
  const source = blobSource(bytes);
  const recording = await openRecording(source, gunzip);
  const parts: BlobPart[] = [];
  for await (const part of redactRecording({ source, recording, redactor, gzip })) parts.push(new Uint8Array(part));
  return new Blob(parts);
}

/** As long as a browser may take to begin. */
const FORGET_MS = 60_000;

export function download(bytes: Blob, name: string): void {
  const url = URL.createObjectURL(bytes);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), FORGET_MS);
}
