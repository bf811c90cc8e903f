// Frames in, exchanges out: the assembler with what a reader of live frames needs around it. No clock: packet time comes in as an argument.
import { createAddressBook, createAssembler, createLossWatch, type Exchange } from '@hopscope/model';
import {
  type Hello,
  type Hop,
  readBatch,
  type ServerFrame,
  STAGE,
  type TimeNs,
  type Topology,
  whyIncompatible,
} from '@hopscope/protocol';
import { EXIT, Failure } from './failure.ts';
import { createOpenExchanges, type News } from './open-exchanges.ts';

export interface ExchangeReaderOptions {
  /** Where the frames begin: with the capture's first, or some time later. */
  readonly begin: 'start' | 'here';
  /** No hop for this long: an exchange is over. Null = as the hello says. */
  readonly timeoutMs: number | null;
  readonly news: News;
  /** Which addresses are where; asked for when a packet was received. */
  readonly topologyOf: () => Topology;
  /** Whether drops are told as soon as they are certain; default: with the rest of the exchange. */
  readonly watchesDrops?: () => boolean;
  /** @param id of its exchange, null when it belongs to none (yet) */
  readonly onHop?: (hop: Hop, id: number | null) => void;
}

export interface ExchangeReader {
  /** @throws Failure when the hello is another build's */
  onControl(frame: ServerFrame): void;
  /** @throws BatchError, Failure when nobody has said hello */
  onHops(batch: Uint8Array): void;
  /** Packet time has come to `now` and no hop came. */
  advance(now: TimeNs): void;
  /** Nothing follows: tells what is still open. */
  finish(): void;
  exchange(id: number): Exchange | undefined;
  /** Time of the last hop. */
  readonly lastHopNs: TimeNs;
  /** CLOCK_MONOTONIC at packet time 0; null until hello. */
  readonly originNs: bigint | null;
}

export function createExchangeReader(options: ExchangeReaderOptions): ExchangeReader {
  const { news, onHop } = options;
  const losses = createLossWatch(options.begin);
  let live: ReturnType<typeof begin> | null = null;
  let lastHopNs = 0 as TimeNs;

  function begin(hello: Hello) {
    const problem = whyIncompatible(hello);
    if (problem !== null) throw new Failure(EXIT.failure, problem);
    const timeoutMs = options.timeoutMs ?? hello.timeoutMs;
    const assembler = createAssembler({
      dropReasons: hello.dropReasons,
      ownsAddress: createAddressBook(options.topologyOf),
      ...(timeoutMs === undefined ? {} : { timeoutNs: timeoutMs * 1_000_000 }),
    });
    const open = createOpenExchanges(assembler, news);
    return { assembler, open, originNs: BigInt(hello.clock.monotonicNs) };
  }

  return {
    onControl(frame) {
      if (frame.type === 'hello') live = begin(frame);
      if (live === null) return;
      const { assembler, open } = live;
      if (frame.type === 'locations') assembler.addLocations(frame.names);
      if (frame.type === 'evidence') open.look(lastHopNs);
      if (frame.type === 'ledger') assembler.noteMissed(losses.onLedger(frame));
    },
    onHops(bytes) {
      if (live === null) throw new Failure(EXIT.failure, 'hops came before hello');
      const { assembler, open, originNs } = live;
      const watchesDrops = options.watchesDrops?.() === true;
      const batch = readBatch(bytes, originNs);
      const { gap, unplaced, unplacedSince } = losses.onBatch(batch);
      assembler.noteMissed(unplaced, unplacedSince);
      assembler.noteMissed(gap, lastHopNs, batch.count > 0 ? batch.hop(0).t : undefined);
      for (let i = 0; i < batch.count; i++) {
        const hop = batch.hop(i);
        const id = assembler.add(hop);
        if (hop.t > lastHopNs) lastHopNs = hop.t;
        if (id !== null) open.touch(id, hop.t, watchesDrops && isFreeStage(hop.stage));
        onHop?.(hop, id);
      }
      open.look(lastHopNs);
    },
    advance(now) {
      if (live === null) return;
      live.open.recheck(live.assembler.advance(now));
      live.open.look(now);
    },
    finish: () => live?.open.finish(),
    exchange: (id) => live?.assembler.exchange(id),
    get lastHopNs() {
      return lastHopNs;
    },
    get originNs() {
      return live?.originNs ?? null;
    },
  };
}

/** A packet may be gone after it. */
const isFreeStage = (stage: number): boolean => stage === STAGE.kfree_skb || stage === STAGE.consume_skb;
