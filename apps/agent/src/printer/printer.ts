// Frames in, text out. No clock, no file: packet time and the output come in as arguments.
import { createPathStatistics, type Drop, type Exchange, withLoss } from '@hopscope/model';
import type { Hello, Hop, Ledger, PacketId, ServerFrame, TimeNs } from '@hopscope/protocol';
import type { Colors } from 'picocolors/types';
import type { PrinterConfig } from '../lib/child-config.ts';
import { readDisplayFilter } from '../lib/display-filter.ts';
import { createExchangeReader } from '../lib/exchange-reader.ts';
import { createReportView, createTreeView } from './exchange-views.ts';
import { glyphsOf } from './glyphs.ts';
import { createJsonView } from './json-view.ts';
import { createLineView } from './line-view.ts';
import { reportLines } from './report.ts';
import { createSieve } from './sieve.ts';
import { createSurroundings } from './surroundings.ts';
import type { GuestContext, View, ViewContext } from './view.ts';

export interface PrinterOptions
  extends Pick<PrinterConfig, 'count' | 'output' | 'table' | 'utf8' | 'timeoutMs' | 'displayFilter'> {
  /** Where the frames begin: with the capture's first, or some time later. */
  readonly begin: 'start' | 'here';
  readonly colors: Colors;
  readonly write: (line: string) => void;
  /** `count` is reached. */
  readonly onCount: () => void;
  /** More views than `output` and `table` name; made when hello has come. */
  readonly guests?: (context: GuestContext, hello: Hello) => readonly View[];
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

export function createPrinter(options: PrinterOptions): Printer {
  const { count, output, table, colors } = options;
  const surroundings = createSurroundings();
  const statistics = createPathStatistics();
  const glyphs = glyphsOf(options.utf8);
  /** What `-n` counts: exchanges where nothing smaller is printed. */
  const countsExchanges = output === 'trees' || output === 'nothing';
  let views: readonly View[] = [];
  let counted = 0;
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

  const reader = createExchangeReader({
    ...options,
    topologyOf: () => surroundings.topology,
    watchesDrops: () => views.some((view) => view.onDrop !== undefined),
    news: {
      isReady: (drop) => views.every((view) => view.isImpatient === true) || surroundings.hasEvidence(drop),
      onDrop: tellDrop,
      onJourney(journey, exchange) {
        const [packet = NO_PACKET] = journey.packets;
        for (const view of views) about(packet, exchange.id, () => view.onJourney?.(journey, exchange));
      },
      onExchange: tellExchange,
    },
    onHop(hop, id) {
      const exchange = () => (id === null ? undefined : reader.exchange(id));
      for (const view of views) {
        if (view.onHop === undefined) continue;
        const tell = () => view.onHop?.(hop, exchange);
        if ((sieve === null ? tell() : sieve.about(hop.packet, id, tell)) === false) unreadable++;
      }
    },
  });

  function begin(hello: Hello): void {
    const context = {
      surroundings,
      glyphs,
      colors,
      statistics,
      epochNs: BigInt(hello.clock.wallNs),
      ...(sieve === null ? plain : { write: sieve.write, count: sieve.count, isDone }),
    };
    views = [...(options.guests?.(context, hello) ?? []), ...viewsOf(context)];
  }

  function viewsOf(context: ViewContext): View[] {
    const views: View[] = [];
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

  function tellDrop(drop: Drop, exchange: Exchange): void {
    for (const view of views) about(drop.hop.packet, exchange.id, () => view.onDrop?.(drop, exchange));
  }

  function tellExchange(exchange: Exchange): void {
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
      reader.onControl(frame);
      if (frame.type === 'hello') begin(frame);
      if (frame.type === 'ledger') for (const view of views) view.onLedger?.(account(frame));
    },
    onHops: reader.onHops,
    advance: reader.advance,
    finish() {
      reader.finish();
      for (const view of views) view.onEnd?.();
    },
    report: () => reportLines(statistics.paths(), statistics.forgotten, { surroundings, glyphs, colors }),
    get lastHopNs() {
      return reader.lastHopNs;
    },
    get originNs() {
      return reader.originNs;
    },
  };
}
