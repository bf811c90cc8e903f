// `hopscope trace -r`: what a recording holds, printed by the same printer, with packet time in place of the clock.
import { once } from 'node:events';
import type { Ledger, RecordingEntry } from '@hopscope/protocol';
import picocolors from 'picocolors';
import type { PrinterConfig } from '../lib/child-config.ts';
import { closingLine } from '../lib/closing-line.ts';
import { EXIT, type ExitCode, exitOnWriteError, Failure, reportFailure, writeError } from '../lib/failure.ts';
import { printable } from '../lib/printable.ts';
import type { RecordingFile } from '../recording/open-file.ts';
import { damageOf, readFrames } from '../recording/read-frames.ts';
import { hasColors } from './has-colors.ts';
import { createPacketClock } from './packet-clock.ts';
import { createPrinter } from './printer.ts';
import { createTraceExport, LAST_TRACES_WITHIN_MS } from './trace-export.ts';

/** A server that asks for patience gets some. */
const FILE_TRACES_WITHIN_MS = 60_000;
/** Text goes out in pieces: a whole block's of lines would be moved about by every garbage collection until it is read. */
const PIECE_CHARACTERS = 65_536;

export type FilePrinterConfig = Omit<PrinterConfig, 'identity' | 'what'>;

/** @throws Failure when the recording cannot be read to its end; what is before is printed by then */
export async function printFile(file: RecordingFile, config: FilePrinterConfig): Promise<ExitCode> {
  const { recording } = file;
  let output = '';
  let isDone = false;
  let ledger: Ledger | null = null;
  const traces = config.otlp
    ? createTraceExport(writeError, { giveUpMs: LAST_TRACES_WITHIN_MS, patienceMs: FILE_TRACES_WITHIN_MS })
    : null;
  const printer = createPrinter({
    ...config,
    guests: traces?.views ?? (() => []),
    begin: (recording.blocks[0]?.keyframes ?? 0) === 0 ? 'start' : 'here',
    colors: picocolors.createColors(hasColors(process.stdout)),
    write(line) {
      output += `${line}\n`;
      if (output.length >= PIECE_CHARACTERS) send();
    },
    onCount: () => {
      isDone = true;
    },
  });
  const clock = createPacketClock(printer);

  function send(): void {
    if (output !== '') process.stdout.write(output);
    output = '';
  }

  async function flush(): Promise<void> {
    send();
    if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
    await traces?.room();
  }

  function take({ t, frame }: RecordingEntry): void {
    clock.advanceTo(t);
    if (frame instanceof Uint8Array) {
      printer.onHops(frame);
      return;
    }
    if (frame.type === 'notice') writeError(printable(frame.text));
    if (frame.type === 'ledger') ledger = frame;
    // What is still open belongs before the last ledger.
    if (frame.type === 'ledger' && frame.final) printer.finish();
    printer.onControl(frame);
  }

  async function print(): Promise<void> {
    printer.onControl(recording.header.hello);
    for await (const entries of readFrames(file)) {
      for (const entry of entries) {
        if (isDone) return;
        take(entry);
      }
      await flush();
      // What cannot be sent now will not be in a while: a file has no other moment.
      if (traces?.hasLost === true) return;
    }
  }

  exitOnWriteError(process.stdout);
  const { hello, created } = recording.header;
  writeError(`Reading ${file.name}: recorded on ${printable(hello.host.name)} from ${printable(created)} on.`);
  let failure: unknown = null;
  try {
    await print();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    failure = error;
  }
  if (ledger === null || !(ledger as Ledger).final) printer.finish();
  await flush();
  await traces?.finish(FILE_TRACES_WITHIN_MS);
  if (traces !== null) writeError(traces.closingLine());
  // One from the beginning says nothing about what was printed.
  if (!isDone && ledger !== null && (ledger as Ledger).seen > 0) writeError(closingLine(printer.account(ledger)));
  if (failure !== null) return reportFailure(failure);
  if (traces?.hasLost === true) return EXIT.failure;
  const damage = isDone ? null : damageOf(file);
  if (damage === null) return EXIT.ok;
  writeError(`hopscope: ${damage}`);
  return EXIT.failure;
}
