// Frames in, lines out. No clock, no file: packet time and the output come in as arguments.
import {
  type Assembler,
  applyChanges,
  createAssembler,
  createLossWatch,
  type Drop,
  type Exchange,
  withLoss,
} from '@hopscope/model';
import {
  type Hello,
  type Hop,
  type Ledger,
  type NetnsId,
  readBatch,
  type ServerFrame,
  STAGE,
  type TimeNs,
  type Topology,
  whyIncompatible,
} from '@hopscope/protocol';
import type { Colors } from 'picocolors/types';
import { EXIT, Failure } from '../lib/failure.ts';
import { findJourney, viewHop } from './hop-view.ts';
import { createJsonWriter, type JsonWriter } from './json.ts';
import { createLineWriter } from './line.ts';
import { createOpenExchanges, type OpenExchanges } from './open-exchanges.ts';

/** Each device crossing passes exactly one of these: the lines printed by default. */
const CROSSING_STAGES: ReadonlySet<number> = new Set([
  STAGE.net_dev_queue,
  STAGE.netif_rx,
  STAGE.napi_gro_receive_entry,
  STAGE.netif_receive_skb_entry,
]);

export interface PrinterOptions {
  /** Stop printing after this many lines (with `json`: hops). */
  readonly count: number | null;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly colors: Colors;
  readonly write: (line: string) => void;
  /** `count` is reached. */
  readonly onCount: () => void;
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
  /** Time of the last hop. */
  readonly lastHopNs: TimeNs;
  /** CLOCK_MONOTONIC at packet time 0; null until hello. */
  readonly originNs: bigint | null;
}

export function createPrinter(options: PrinterOptions): Printer {
  const { count, json, verbose, write } = options;
  const lines = createLineWriter(options.colors);
  let live: { assembler: Assembler; open: OpenExchanges; json: JsonWriter; originNs: bigint } | null = null;
  let topology: Topology = { namespaces: [] };
  let titles: ReadonlyMap<NetnsId, string> = new Map();
  let printed = 0;
  let lastHopNs = 0 as TimeNs;
  const losses = createLossWatch('start');
  /** Hops that should have become a line and could not be read. */
  let unreadable = 0;
  const done = () => count !== null && printed >= count;

  function printHopLine(text: string): void {
    write(text);
    printed++;
    if (done()) options.onCount();
  }

  function begin(hello: Hello): void {
    const problem = whyIncompatible(hello);
    if (problem !== null) throw new Failure(EXIT.failure, problem);
    const assembler = createAssembler({ dropReasons: hello.dropReasons });
    const originNs = BigInt(hello.clock.monotonicNs);
    const jsonWriter = createJsonWriter({
      epochNs: BigInt(hello.clock.wallNs),
      netnsName: (netns) => (netns === null ? '' : (titles.get(netns) ?? '')),
    });
    const open = createOpenExchanges(assembler, {
      onDrop: (drop, exchange) => printDrop(drop, exchange, jsonWriter),
      onJourney(journey, exchange) {
        if (json) write(jsonWriter.journey(journey, exchange));
      },
    });
    live = { assembler, open, json: jsonWriter, originNs };
  }

  function printDrop(drop: Drop, exchange: Exchange, writer: JsonWriter): void {
    const view = viewHop(drop.hop, exchange);
    if (view === null || done()) return;
    printHopLine(json ? writer.hop(drop.hop, view, drop) : lines.drop(drop, view));
  }

  function printHop(hop: Hop, exchange: () => Exchange | undefined, writer: JsonWriter): void {
    if (done() || !(verbose || CROSSING_STAGES.has(hop.stage))) return;
    // Only a fragment and a time need the exchange, and making a view of it is most of a line's cost.
    const view = viewHop(hop, hop.l4Offset === null ? exchange() : undefined);
    if (view === null) {
      unreadable++;
      return;
    }
    if (json) printHopLine(writer.hop(hop, view, null));
    else if (!verbose) printHopLine(lines.hop(hop, view));
    else {
      const whole = exchange();
      const journey = whole === undefined ? null : findJourney(whole, hop);
      printHopLine(lines.stage(hop, view, journey === null ? null : hop.t - journey.startNs));
    }
  }

  const account = (ledger: Ledger): Ledger => withLoss(ledger, 'unreadable', unreadable);

  return {
    account,
    onControl(frame) {
      switch (frame.type) {
        case 'hello':
          return begin(frame);
        case 'locations':
          return live?.assembler.addLocations(frame.names);
        case 'topology':
          topology = frame.topology;
          titles = readTitles(topology);
          return;
        case 'topology-patch':
          topology = applyChanges(topology, frame.changes);
          titles = readTitles(topology);
          return;
        case 'ledger':
          live?.assembler.noteMissed(losses.onLedger(frame));
          // Nothing has happened yet: nothing to say.
          if (json && live !== null && (frame.seen > 0 || frame.final)) write(live.json.ledger(account(frame)));
          return;
        case 'notice':
          // The capture process has written it to stderr.
          return;
      }
    },
    onHops(bytes) {
      if (live === null) throw new Failure(EXIT.failure, 'hops came before hello');
      const { assembler, open, originNs } = live;
      const batch = readBatch(bytes, originNs);
      assembler.noteMissed(losses.onBatch(batch));
      for (let i = 0; i < batch.count; i++) {
        const hop = batch.hop(i);
        const id = assembler.add(hop);
        if (hop.t > lastHopNs) lastHopNs = hop.t;
        if (id !== null) open.touch(id);
        printHop(hop, () => (id === null ? undefined : assembler.exchange(id)), live.json);
      }
      open.look(lastHopNs);
    },
    advance(now) {
      live?.assembler.advance(now);
      live?.open.look(now);
    },
    finish() {
      live?.open.finish();
    },
    get lastHopNs() {
      return lastHopNs;
    },
    get originNs() {
      return live?.originNs ?? null;
    },
  };
}

function readTitles({ namespaces }: Topology): Map<NetnsId, string> {
  return new Map(namespaces.map(({ id, names }) => [id, names[0]?.text ?? '']));
}
