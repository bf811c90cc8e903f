// A whole recording with stand-ins in place of what names the machine and its neighbours.
import { type RecordingHeader, type RewriteOptions, rewriteRecording } from '@hopscope/protocol';
import type { Redactor } from './redact.ts';

export interface RedactRecordingOptions extends Pick<RewriteOptions, 'source' | 'recording' | 'gzip'> {
  readonly redactor: Redactor;
  /** Takes the place of what the author wrote before. */
  readonly notes?: string;
}

/** The bytes, in order. @throws RecordingError at a block that is broken */
export function redactRecording({ redactor, notes = '', ...of }: RedactRecordingOptions): AsyncGenerator<Uint8Array> {
  const { header } = of.recording;
  const hello = redactor.control(header.hello);
  const redacted: RecordingHeader = {
    ...header,
    hello: hello.type === 'hello' ? hello : header.hello,
    filter: '',
    notes,
    redacted: true,
  };
  return rewriteRecording({
    ...of,
    header: redacted,
    change: (frame) => (frame instanceof Uint8Array ? redactor.batch(frame) : redactor.control(frame)),
  });
}
