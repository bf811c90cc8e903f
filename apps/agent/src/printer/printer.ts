// Frames in, text out. No clock, no file: packet time and the output come in as arguments.
import {
  type Assembler,
  createAddressBook,
  createAssembler,
  createLossWatch,
  createPathStatistics,
  type Exchange,
  withLoss,
} from '@hopscope/model';
import {
  type Hello,
  type Hop,
  type Ledger,
  type PacketId,
  readBatch,
  type ServerFrame,
  type TimeNs,
  whyIncompatible,
} from '@hopscope/protocol';
import type { Colors } from 'picocolors/types';
import type { PrinterConfig } from '../lib/child-config.ts';
import { readDisplayFilter } from '../lib/display-filter.ts';
import { EXIT, Failure } from '../lib/failure.ts';
import { createReportView, createTreeView } from './exchange-views.ts';
import { glyphsOf } from './glyphs.ts';
import { createJsonView } from './json-view.ts';
import { createLineView } from './line-view.ts';
import { createOpenExchanges, type OpenExchanges } from './open-exchanges.ts';
import { reportLines } from './report.ts';
import { createSieve } from './sieve.ts';
import { createSurroundings } from './surroundings.ts';
import type { GuestContext, View } from './view.ts';
import { isFreeStage } from './words.ts';

export interface PrinterOptions
  extends Pick<PrinterConfig, 'count' | 'output' | 'table' | 'utf8' | 'timeoutMs' | 'displayFilter'> {
  /** Where the frames begin: with the capture's first, or some time later. */
  readonly begin: 'start' | 'here';
  readonly colors: Colors;
  readonly write: (line: string) => void;
  /** `count` is reached. */
  readonly onCount: () => void;
  /** More views than `output` and `table` name; made when hello has come. */
  readonly guests?: (context: GuestContext) => readonly View[];
}

export interface Printer {
  onControl(frame: ServerFrame): void;
  onHops(batch: Uint8Array): void;
  /** Packet time has come to `now` and no hop came. */
  advance(now: TimeNs): void;
  /** The ledger with what was lost here: hops whose headers could not be read. */
  account(ledger: Ledger): Ledger;
  /** Nothing follows: tells what is still open. */
  finish(): void;
  /** The table of paths as it is now. */
  report(): string[];
  /** Time of the last hop. */
  readonly lastHopNs: TimeNs;
  /** CLOCK_MONOTONIC at packet time 0; null until hello. */
  readonly originNs: bigint | null;
}

/** Of a packet that the kernel side did not track. */
const NO_PACKET = 0 as PacketId;

interface Live {
  readonly assembler: Assembler;
  readonly open: OpenExchanges;
  readonly views: readonly View[];
  readonly originNs: bigint;
}

export function createPrinter(options: PrinterOptions): Printer {
  const { count, output, table, colors } = options;
  const surroundings = createSurroundings();
  const statistics = createPathStatistics();
  const glyphs = glyphsOf(options.utf8);
  const losses = createLossWatch(options.begin);
  /** What `-n` counts: exchanges where nothing smaller is printed. */
  const countsExchanges = output === 'trees' || output === 'nothing';
  let live: Live | null = null;
  let counted = 0;
  let lastHopNs = 0 as TimeNs;
  /** Hops that should have become a line and could not be read. */
  let unreadable = 0;
  const isDone = () => count !== null && counted >= count;

  function countOne(): void {
    counted++;
    if (isDone()) options.onCount();
  }

  const plain = { write: options.write, count: countOne, isDone };
  const { displayFilter } = options;
  const sieve = displayFilter === '' ? null : createSieve(readDisplayFilter(displayFilter), surroundings, plain);

  function begin(hello: Hello): void {
    const problem = whyIncompatible(hello);
    if (problem !== null) throw new Failure(EXIT.failure, problem);
    const timeoutMs = options.timeoutMs ?? hello.timeoutMs;
    const assembler = createAssembler({
      dropReasons: hello.dropReasons,
      ownsAddress: createAddressBook(() => surroundings.topology),
      ...(timeoutMs === undefined ? {} : { timeoutNs: timeoutMs * 1_000_000 }),
    });
    const views = viewsOf({
      surroundings,
      glyphs,
      colors,
      statistics,
      epochNs: BigInt(hello.clock.wallNs),
      ...(sieve === null ? plain : { write: sieve.write, count: sieve.count, isDone }),
    });
    const open = createOpenExchanges(assembler, {
      isReady: (drop) => views.every((view) => view.isImpatient === true) || surroundings.hasEvidence(drop),
      onDrop: (drop, exchange) => {
        for (const view of views) about(drop.hop.packet, exchange.id, () => view.onDrop?.(drop, exchange));
      },
      onJourney: (journey, exchange) => {
        const [packet = NO_PACKET] = journey.packets;
        for (const view of views) about(packet, exchange.id, () => view.onJourney?.(journey, exchange));
      },
      onExchange: (exchange) => tellExchange(exchange, views),
    });
    live = { assembler, open, views, originNs: BigInt(hello.clock.monotonicNs) };
  }

  function viewsOf(context: GuestContext): View[] {
    const views: View[] = [...(options.guests?.(context) ?? [])];
    if (output === 'json') views.push(createJsonView(context, false));
    if (output === 'json-stages') views.push(createJsonView(context, true));
    if (output === 'lines') views.push(createLineView(context, false));
    if (output === 'stages') views.push(createLineView(context, true));
    if (output === 'trees') views.push(createTreeView(context));
    if (table !== 'none') views.push(createReportView(context));
    return views;
  }

  const about = (packet: Hop['packet'], id: number | null, tell: () => unknown) =>
    sieve === null ? tell() : sieve.about(packet, id, tell);

  function tellExchange(exchange: Exchange, views: readonly View[]): void {
    if (countsExchanges && isDone()) return;
    if (sieve?.settle(exchange) === false) return;
    statistics.add(exchange);
    for (const view of views) view.onExchange?.(exchange);
    if (countsExchanges) countOne();
  }

  const account = (ledger: Ledger): Ledger => withLoss(ledger, 'unreadable', unreadable);

  return {
    account,
    onControl(frame) {
      surroundings.onControl(frame);
      if (frame.type === 'hello') begin(frame);
      if (live === null) return;
      const { assembler, open, views } = live;
      if (frame.type === 'locations') assembler.addLocations(frame.names);
      if (frame.type === 'evidence') open.look(lastHopNs);
      if (frame.type === 'ledger') {
        assembler.noteMissed(losses.onLedger(frame));
        for (const view of views) view.onLedger?.(account(frame));
      }
    },
    onHops(bytes) {
      if (live === null) throw new Failure(EXIT.failure, 'hops came before hello');
      const { assembler, open, views, originNs } = live;
      const tellsDrops = views.some((view) => view.onDrop !== undefined);
      const batch = readBatch(bytes, originNs);
      const { gap, unplaced, unplacedSince } = losses.onBatch(batch);
      assembler.noteMissed(unplaced, unplacedSince);
      assembler.noteMissed(gap, lastHopNs, batch.count > 0 ? batch.hop(0).t : undefined);
      for (let i = 0; i < batch.count; i++) {
        const hop = batch.hop(i);
        const id = assembler.add(hop);
        if (hop.t > lastHopNs) lastHopNs = hop.t;
        if (id !== null) open.touch(id, hop.t, tellsDrops && isFreeStage(hop.stage));
        for (const view of views) {
          const tell = () => view.onHop?.(hop, () => (id === null ? undefined : assembler.exchange(id)));
          if ((sieve === null ? tell() : sieve.about(hop.packet, id, tell)) === false) unreadable++;
        }
      }
      open.look(lastHopNs);
    },
    advance(now) {
      if (live === null) return;
      live.open.recheck(live.assembler.advance(now));
      live.open.look(now);
    },
    finish() {
      live?.open.finish();
      for (const view of live?.views ?? []) view.onEnd?.();
    },
    report: () => reportLines(statistics.paths(), statistics.forgotten, { surroundings, glyphs, colors }),
    get lastHopNs() {
      return lastHopNs;
    },
    get originNs() {
      return live?.originNs ?? null;
    },
  };
}
