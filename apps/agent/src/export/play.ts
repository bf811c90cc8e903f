// A recording's exchanges for a format: by the same assembler, the same display filter and the same clock as `trace -r`.
import type { Ledger, RecordingEntry } from '@hopscope/protocol';
import picocolors from 'picocolors';
import type { PrinterConfig } from '../lib/child-config.ts';
import { createPacketClock } from '../printer/packet-clock.ts';
import { createPrinter } from '../printer/printer.ts';
import type { GuestContext, View } from '../printer/view.ts';
import type { ExportOptions, ExportOutput, ExportSource } from './format.ts';

/** Takes what goes to the output, in order. */
export type Emit = (part: string | Uint8Array) => void;

export interface ExportContext extends GuestContext {
  readonly emit: Emit;
}

export interface Playing {
  /** What the printer prints by itself. */
  readonly printed: PrinterConfig['output'];
  readonly views: (context: ExportContext) => readonly View[];
}

/** Tells the views all that the recording holds. What they emit is written after each block. */
export async function playInto(
  source: ExportSource,
  options: ExportOptions,
  output: ExportOutput,
  { printed, views }: Playing,
): Promise<void> {
  let parts: (string | Uint8Array)[] = [];
  const emit: Emit = (part) => parts.push(part);
  const printer = createPrinter({
    begin: source.begin,
    count: null,
    output: printed,
    table: 'none',
    utf8: true,
    timeoutMs: null,
    displayFilter: options.displayFilter,
    colors: picocolors.createColors(false),
    write: (line) => emit(`${line}\n`),
    onCount: () => undefined,
    guests: (context) => views({ ...context, emit }),
  });
  const clock = createPacketClock(printer);
  let ledger: Ledger | null = null;

  function take({ t, frame }: RecordingEntry): void {
    clock.advanceTo(t);
    if (frame instanceof Uint8Array) {
      printer.onHops(frame);
      return;
    }
    if (frame.type === 'ledger') ledger = frame;
    // What is still open belongs before the last ledger.
    if (frame.type === 'ledger' && frame.final) printer.finish();
    printer.onControl(frame);
  }

  async function flush(): Promise<void> {
    const ready = parts;
    parts = [];
    for (const part of joined(ready)) await output(part);
  }

  printer.onControl(source.header.hello);
  for await (const entries of source.frames()) {
    for (const entry of entries) take(entry);
    await flush();
  }
  if (ledger === null || !(ledger as Ledger).final) printer.finish();
  await flush();
}

/** Neighbouring texts as one: a line at a time would be a write at a time. */
function* joined(parts: readonly (string | Uint8Array)[]): Generator<string | Uint8Array> {
  let text: string[] = [];
  for (const part of parts) {
    if (typeof part === 'string') {
      text.push(part);
      continue;
    }
    if (text.length > 0) yield text.join('');
    text = [];
    yield part;
  }
  if (text.length > 0) yield text.join('');
}
