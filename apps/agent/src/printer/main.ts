// The unprivileged end of `hopscope trace`: loads, gives up every privilege, prints what the capture process sends.
import type { Ledger, TimeNs } from '@hopscope/protocol';
import picocolors from 'picocolors';
import { PrinterConfig, readChildConfig } from '../lib/child-config.ts';
import { closingLine } from '../lib/closing-line.ts';
import { EXIT, exitOnUncaught, exitOnWriteError, reportFailure, writeError } from '../lib/failure.ts';
import { loadNative } from '../lib/native.ts';
import { printable } from '../lib/printable.ts';
import { onStopSignal } from '../lib/stop-signals.ts';
import { openUpstream } from '../lib/upstream.ts';
import { hasColors } from './has-colors.ts';
import { createLiveTable, type LiveTable } from './live-table.ts';
import { createPrinter } from './printer.ts';
import { createTraceExport, LAST_TRACES_WITHIN_MS } from './trace-export.ts';

const ADVANCE_EVERY_MS = 250;
const DRAW_EVERY_MS = 1000;
/** A hop may be this late: it waits in the ring until it is drained. */
const HOPS_ARE_LATE_NS = 100_000_000;

function main(): void {
  const config = readChildConfig(PrinterConfig);
  loadNative().lockDown(config.identity);
  let output: string[] = [];
  let ledger: Ledger | null = null;
  let newHops = false;
  let paused = false;

  const flush = () => {
    if (output.length === 0) return;
    const room = process.stdout.write(output.join(''));
    output = [];
    if (room || paused) return;
    // Whoever reads us is slower than the packets. Nothing is kept here without bound.
    paused = true;
    upstream.pause();
    process.stdout.once('drain', () => {
      paused = false;
      // What piled up meanwhile comes before the wall's time counts.
      newHops = true;
      upstream.resume();
    });
  };
  const traces = config.otlp ? createTraceExport((line) => say(line)) : null;
  const printer = createPrinter({
    ...config,
    guests: traces?.views ?? (() => []),
    begin: 'start',
    colors: picocolors.createColors(hasColors(process.stdout)),
    write: (line) => output.push(`${line}\n`),
    onCount: () => upstream.finish(),
  });
  const screen = config.table === 'live' ? openScreen() : null;
  /** Said while the screen is not ours to write on. */
  const heldBack: string[] = [];
  const say = (text: string) => {
    if (screen === null) writeError(text);
    else heldBack.push(text);
  };
  const draw = () => {
    const lost = ledger === null ? [] : [closingLine(printer.account(ledger))];
    screen?.draw([...printer.report(), '', ...lost, ...heldBack.slice(-3), 'Ctrl-C ends it.']);
  };

  const upstream = openUpstream({
    onControl(frame) {
      // From here on no packet is overlooked: what starts pings after this line sees them all.
      if (frame.type === 'hello') writeError(`Tracing ${config.what} packets: Ctrl-C ends it.`);
      if (frame.type === 'ledger') ledger = frame;
      if (frame.type === 'notice') say(printable(frame.text));
      // What is still open belongs before the last ledger.
      if (frame.type === 'ledger' && frame.final) {
        screen?.close();
        printer.finish();
      }
      printer.onControl(frame);
      flush();
    },
    onHops(batch) {
      newHops = true;
      printer.onHops(batch);
      flush();
    },
    onEnd() {
      // A write to a pipe may still be under way, and exiting would cut it in the middle of a line.
      process.stdout.write('', async () => {
        await traces?.finish(LAST_TRACES_WITHIN_MS);
        for (const text of heldBack) writeError(text);
        if (traces !== null) writeError(traces.closingLine());
        if (ledger !== null) writeError(closingLine(printer.account(ledger)));
        process.exit(EXIT.ok);
      });
    },
    onFailure: (failure) => process.exit(reportFailure(failure)),
  });
  onStopSignal(upstream.finish);
  exitOnWriteError(process.stdout);

  setInterval(() => {
    // While hops flow they are the clock, and while they are held up: the stream may lag behind the wall.
    const now = newHops || paused || printer.originNs === null ? printer.lastHopNs : nowNs(printer.originNs);
    newHops = false;
    printer.advance(now);
    flush();
  }, ADVANCE_EVERY_MS);
  if (screen !== null) setInterval(draw, DRAW_EVERY_MS);
}

/** Whatever ends this process, the terminal is given back. What is written to a terminal is written when `write` returns. */
function openScreen(): LiveTable {
  const { stdout } = process;
  const screen = createLiveTable({
    get rows() {
      return stdout.rows || 24; // a terminal that does not know its size says 0
    },
    get columns() {
      return stdout.columns || 80;
    },
    write: (text) => stdout.write(text),
  });
  process.on('exit', () => screen.close());
  return screen;
}

/** hrtime is CLOCK_MONOTONIC, as is packet time. */
function nowNs(originNs: bigint): TimeNs {
  return (Number(process.hrtime.bigint() - originNs) - HOPS_ARE_LATE_NS) as TimeNs;
}

exitOnUncaught();
try {
  main();
} catch (error) {
  process.exit(reportFailure(error));
}
