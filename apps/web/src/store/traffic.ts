// Everything that changes with each packet. It lives outside React and outside the store: the page reads it in snapshots,
// a few times a second, and the map is told about each exchange directly.
import {
  type Assembler,
  type AssemblerOptions,
  captureOf,
  createEvidenceBook,
  createLossWatch,
  createPathStatistics,
  type EvidenceBook,
  type Exchange,
  type PathStatistics,
} from '@hopscope/model';
import { type EvidenceFrame, type Hello, type Ledger, readBatch, type TimeNs } from '@hopscope/protocol';
import { type Account, createAccount } from './account.ts';
import { createDeviceRates, type DeviceRates } from './device-rates.ts';
import { createFinished } from './finished.ts';
import { createLossLog, type LossLog } from './loss-log.ts';
import { createRates, type Rates } from './rates.ts';

export interface Traffic {
  /** A new connection; the same capture goes on, another one begins anew. Answers whether it began anew. */
  begin(hello: Hello): boolean;
  /** What begins next begins anew, even if it is the same capture. */
  end(): void;
  addLocations(names: Readonly<Record<string, string>>): void;
  addEvidence(frame: EvidenceFrame): void;
  takeLedger(ledger: Ledger): void;
  /** @throws BatchError when the bytes are no whole batch */
  take(bytes: Uint8Array, nowMs: number): void;
  /** Time goes on though no packet came. */
  tick(nowMs: number): void;
  /** What came before `t` is not known: what was under way then has lost its beginning. */
  noteCut(t: TimeNs): void;
  /** Packet time at that time of the page's; null before the first packet. */
  nowNs(nowMs: number): TimeNs | null;
  exchange(id: number): Exchange | undefined;
  /** Oldest first. */
  ids(): readonly number[];
  /** Wall-clock time of a hop's time, in ms. */
  wallMs(t: TimeNs): number;
  /** The hop time of a wall-clock time. */
  timeOf(wallMs: number): TimeNs;
  readonly account: Account;
  /** What was read about drops, beyond their own records. */
  readonly evidence: Pick<EvidenceBook, 'factsAbout'>;
  readonly losses: Pick<LossLog, 'during'>;
  /** Of the exchanges that are over. */
  readonly paths: Pick<PathStatistics, 'paths' | 'forgotten'>;
  /** From now on `paths` counts only what passes: what is still held of it, and what comes. Null: everything again. */
  showPathsOf(passes: ((exchange: Exchange) => boolean) | null): void;
  /** A UDP or TCP packet was among them. */
  readonly hasData: boolean;
  readonly rates: Rates;
  /** What each device carries. */
  readonly devices: Pick<DeviceRates, 'of' | 'all'>;
  /** Durations of the last finished exchanges, in ns. */
  readonly durationsNs: readonly number[];
  /** Changes with every exchange that changed. */
  readonly version: number;
}

export interface TrafficOptions {
  createAssembler(options: AssemblerOptions): Assembler;
  /** Called for every exchange that changed, once per batch. */
  onExchange(exchange: Exchange): void;
  /** How far back `rates` reach; default: as far as a live page. */
  readonly ratesKeptMs?: number | undefined;
}

/** Rows of the list; older ones are forgotten. */
const KEEP = 10_000;
const DURATIONS = 32;

export function createTraffic({ createAssembler, onExchange, ratesKeptMs }: TrafficOptions): Traffic {
  let assembler: Assembler | null = null;
  let originNs = 0n;
  let originWallMs = 0;
  let capture = '';
  let account = createAccount();
  let lossWatch = createLossWatch('here');
  const losses = createLossLog();
  const finished = createFinished();
  let paths = createPathStatistics();
  let filtered: { readonly paths: PathStatistics; readonly passes: (exchange: Exchange) => boolean } | null = null;
  const evidence = createEvidenceBook();
  let hasData = false;
  const rates = createRates(ratesKeptMs);
  const devices = createDeviceRates();
  let durationsNs: number[] = [];
  let version = 0;
  /** Packet time and page time of the last batch: what `tick` counts on from. */
  let last: { t: TimeNs; atMs: number } | null = null;

  const wallMs = (t: number): number => originWallMs + t / 1e6;

  const packetTime = (nowMs: number): TimeNs | null =>
    last === null ? null : ((last.t + (nowMs - last.atMs) * 1e6) as TimeNs);

  /** @param nowNs packet time */
  function report(ids: Iterable<number>, nowNs: number): void {
    for (const id of ids) {
      const exchange = assembler?.exchange(id);
      if (exchange === undefined) continue;
      version++;
      hasData ||= exchange.kind !== 'echo';
      rates.note(exchange, wallMs(exchange.startNs));
      finished.note(exchange, nowNs);
      devices.noteDrop(exchange);
      if (exchange.rttNs !== null) {
        durationsNs.push(exchange.rttNs);
        if (durationsNs.length > DURATIONS) durationsNs = durationsNs.slice(-DURATIONS);
      }
      onExchange(exchange);
    }
  }

  return {
    begin(hello) {
      const next = captureOf(hello);
      if (next === capture) return false;
      capture = next;
      originNs = BigInt(hello.clock.monotonicNs);
      originWallMs = Number(BigInt(hello.clock.wallNs) / 1000n) / 1000;
      const { dropReasons, timeoutMs } = hello;
      assembler = createAssembler({
        dropReasons,
        keep: KEEP,
        ...(timeoutMs === undefined ? {} : { timeoutNs: timeoutMs * 1_000_000 }),
      });
      account = createAccount();
      lossWatch = createLossWatch('here');
      losses.clear();
      finished.clear();
      paths = createPathStatistics();
      if (filtered !== null) filtered = { ...filtered, paths: createPathStatistics() };
      evidence.clear();
      hasData = false;
      rates.clear();
      devices.clear();
      durationsNs = [];
      last = null;
      version++;
      return true;
    },
    end() {
      capture = '';
    },
    addLocations(names) {
      assembler?.addLocations(names);
    },
    addEvidence: evidence.note,
    takeLedger(ledger) {
      account.onLedger(ledger);
      assembler?.noteMissed(lossWatch.onLedger(ledger));
      losses.note(account.read(), last?.t ?? 0);
    },
    take(bytes, nowMs) {
      if (assembler === null) return;
      const batch = readBatch(bytes, originNs);
      account.onBatch(batch);
      const { gap, unplaced, unplacedSince } = lossWatch.onBatch(batch);
      assembler.noteMissed(unplaced, unplacedSince);
      assembler.noteMissed(gap, last?.t, batch.count > 0 ? batch.hop(0).t : undefined);
      const changed = new Set<number>();
      for (let i = 0; i < batch.count; i++) {
        const hop = batch.hop(i);
        last = { t: hop.t, atMs: nowMs };
        devices.note(hop);
        const id = assembler.add(hop);
        if (id !== null) changed.add(id);
      }
      report(changed, last?.t ?? 0);
    },
    tick(nowMs) {
      devices.tick(nowMs);
      const nowNs = packetTime(nowMs);
      if (assembler === null || nowNs === null) return;
      report(assembler.advance(nowNs), nowNs);
      for (const exchange of finished.take(nowNs)) {
        paths.add(exchange);
        if (filtered?.passes(exchange)) filtered.paths.add(exchange);
      }
    },
    noteCut: (t) => assembler?.noteMissed(1, t, t),
    nowNs: packetTime,
    exchange: (id) => assembler?.exchange(id),
    ids: () => assembler?.ids() ?? [],
    wallMs,
    timeOf: (ms) => ((ms - originWallMs) * 1e6) as TimeNs,
    get account() {
      return account;
    },
    evidence,
    losses,
    get paths() {
      return filtered?.paths ?? paths;
    },
    showPathsOf(passes) {
      filtered = passes === null ? null : { paths: createPathStatistics(), passes };
      if (filtered === null) return;
      for (const id of assembler?.ids() ?? []) {
        const exchange = finished.has(id) ? assembler?.exchange(id) : undefined;
        if (exchange !== undefined && filtered.passes(exchange)) filtered.paths.add(exchange);
      }
    },
    get hasData() {
      return hasData;
    },
    rates,
    devices,
    get durationsNs() {
      return durationsNs;
    },
    get version() {
      return version;
    },
  };
}
