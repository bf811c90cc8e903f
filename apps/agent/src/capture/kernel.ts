// The programs in the kernel and what comes out of them, as frames.
import { performance } from 'node:perf_hooks';
import type { CaptureOptions } from '@hopscope/native';
import { type Ledger, RECORD_BYTES } from '@hopscope/protocol';
import type { NativeAddon } from '../lib/native.ts';
import { createSamplingPolicy } from '../lib/sampling-policy.ts';
import { buildDeviceCounts } from './device-counts.ts';
import type { NoteContext } from './evidence/drop-note.ts';
import type { FrameWriter } from './frame-writer.ts';
import { buildHello } from './hello.ts';
import { createKernelSource } from './kernel-source.ts';
import { buildLedger, createMissedInKernel, sameLedger, sumOfMissed } from './ledger.ts';
import { type KnownDevices, scanRecords } from './record-scan.ts';

const LEDGER_EVERY_MS = 1000;
/** The addon's default. */
const RING_BYTES = 8 * 1024 * 1024;

export interface Kernel {
  /** Lets hops flow. Until then they wait in the ring. */
  start(): void;
  /** Detaches, sends the rest and the final ledger, and returns it. */
  finish(): Ledger;
  /** Frees everything. Alone, without `finish`, it leaves nothing behind either. */
  close(): void;
}

export interface KernelOptions {
  readonly native: NativeAddon;
  readonly writer: FrameWriter;
  readonly filter: Pick<CaptureOptions, 'netns' | 'ifname' | 'protocols' | 'ports' | 'ringBytes'>;
  readonly lab: boolean;
  /** Silence after which an exchange is over; null = the default. */
  readonly timeoutMs: number | null;
  readonly devices: () => KnownDevices;
  readonly onUnknownDevice: () => void;
  /** Whether packets are counted by device for the child. */
  readonly countsDevices: boolean;
  /** Told of every batch with drops in it, and of their offsets. */
  readonly onRecords: (records: Uint8Array, drops: readonly number[], context: NoteContext) => void;
}

/** Loads and attaches the programs and sends the hello. @throws the addon's errors, with their `code` */
export function openKernel({
  native,
  writer,
  filter,
  lab,
  timeoutMs,
  countsDevices,
  devices,
  onUnknownDevice,
  onRecords,
}: KernelOptions): Kernel {
  const capture = native.openCapture({ ...filter, onReadable: () => source.wake() });
  /** By index; 0 is never used. */
  const locations: string[] = [''];
  let lastLedger: Ledger | null = null;
  let lastCounts = '';
  const sampling = createSamplingPolicy();
  let samplingLevel = 0;
  const missed = createMissedInKernel((filter.ringBytes ?? RING_BYTES) / RECORD_BYTES);

  const source = createKernelSource({
    capture,
    writer,
    quietMs: native.quietMs,
    now: () => performance.now(),
    onFill: adjustSampling,
    onTurn: noteMissed,
    inspect(records) {
      const { unknownDevice, maxLocation, drops } = scanRecords(records, devices());
      if (unknownDevice) onUnknownDevice();
      if (maxLocation >= locations.length) sendLocations();
      onRecords(records, drops, context);
    },
  });

  /** Besides what the kernel side does by itself when the ring fills up. */
  function adjustSampling(fill: number): void {
    const level = sampling.update(fill, performance.now());
    if (level === samplingLevel) return;
    samplingLevel = level;
    capture.setSampling(2 ** level);
  }

  function noteMissed(isEmpty: boolean): void {
    const nowNs = process.hrtime.bigint();
    missed.onTurn(capture.counters(), isEmpty, writer.sent + writer.dropped, nowNs);
    writer.noteKernelMissed(sumOfMissed(missed.told), missed.toldSinceNs);
  }

  function sendLocations(): void {
    const from = locations.length;
    const names = capture.locationNames(from).map((name, i) => [String(from + i), name] as const);
    if (names.length === 0) return;
    locations.push(...names.map(([, name]) => name));
    writer.writeControl({ type: 'locations', names: Object.fromEntries(names) });
  }

  function sendLedger(final: boolean): Ledger {
    // Where nothing comes any more, nobody else looks.
    if (samplingLevel > 0 && !final) adjustSampling(writer.fill);
    const ledger = buildLedger(capture.counters(), missed.told, writer, final, capture.sampledOneIn());
    if (lastLedger !== null && sameLedger(ledger, lastLedger)) return ledger;
    lastLedger = ledger;
    writer.writeControl(ledger);
    return ledger;
  }

  function sendDeviceCounts(): void {
    const frame = buildDeviceCounts(capture.deviceCounters(), capture.counters().deviceFull);
    const text = JSON.stringify(frame);
    if (text !== lastCounts) writer.writeControl(frame);
    lastCounts = text;
  }

  function tellCounts(): void {
    sendLedger(false);
    if (countsDevices) sendDeviceCounts();
  }

  let ledgerTimer: NodeJS.Timeout | undefined;
  const dropReasons = native.dropReasons();
  const hello = buildHello({ dropReasons, features: capture.features(), lab, timeoutMs });
  writer.writeControl(hello);
  const context: NoteContext = {
    originNs: BigInt(hello.clock.monotonicNs),
    dropReasons,
    locationName: (index) => locations[index] ?? '',
  };

  return {
    start() {
      source.start();
      tellCounts();
      ledgerTimer = setInterval(() => tellCounts(), LEDGER_EVERY_MS);
    },
    finish() {
      clearInterval(ledgerTimer);
      capture.detach();
      source.drainRest();
      noteMissed(true);
      source.stop();
      return sendLedger(true);
    },
    close() {
      clearInterval(ledgerTimer);
      source.stop();
      capture.close();
    },
  };
}
