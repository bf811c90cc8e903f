// The privileged process: starts the child, watches the kernel and the inventory, and takes everything down again.
import type { CaptureOptions } from '@hopscope/native';
import type { Ledger } from '@hopscope/protocol';
import { EXIT, type ExitCode, Failure, reportFailure } from '../lib/failure.ts';
import { loadNative } from '../lib/native.ts';
import { printable } from '../lib/printable.ts';
import { onStopSignal } from '../lib/stop-signals.ts';
import { within } from '../lib/within.ts';
import { requirePrivilege } from './capabilities.ts';
import { type Child, type ChildEnd, type ChildStart, type FileSink, startChild } from './child.ts';
import { type DropEvidence, openDropEvidence } from './evidence/evidence.ts';
import { createFrameWriter } from './frame-writer.ts';
import { type LiveInventory, openLiveInventory } from './inventory.ts';
import { type Kernel, openKernel } from './kernel.ts';
import type { Machine } from './machine.ts';
import { resolveNetnsFilter } from './netns-filter.ts';

/** How long the child may take to read what is left and end. */
const CHILD_ENDS_WITHIN_MS = 2000;

export interface CaptureRunOptions {
  readonly child: ChildStart;
  /** Where the child's recordings go. */
  readonly files?: FileSink;
  /** Called once with how to signal the child. */
  readonly onChild?: (signal: (name: NodeJS.Signals) => void) => void;
  /** What to watch. Called once; what it opens is stopped at the end. */
  readonly openMachine: () => Promise<Machine>;
  /** Names, inode numbers or paths; empty = all. */
  readonly netns: readonly string[];
  readonly ifname: string | null;
  /** Of the kernel's ring buffer; null = the addon's default. */
  readonly ringBytes: number | null;
  readonly packets: Pick<CaptureOptions, 'protocols' | 'ports'>;
  readonly durationMs: number | null;
  /** Silence after which an exchange is over; null = the default. */
  readonly timeoutMs: number | null;
  /** Whether the child needs the topology. */
  readonly inventory: boolean;
  /** Whether the child is told exact counts of packets by device. */
  readonly countsDevices?: boolean;
  /** Firewall rules may be added for a while to trace what drops a packet. */
  readonly allowSystemChanges: boolean;
  /** How long the child may take to read what is left and end; default 2 s. */
  readonly childEndsWithinMs?: number;
  /** Called with the port once pages are served. */
  readonly onListening?: (port: number) => void;
  /** Called with the last ledger, unless the run failed. */
  readonly onEnd?: (ledger: Ledger) => void;
}

/**
 * Runs until a signal, the duration, or the child's wish to end.
 * @throws Failure, or the addon's and the lab's errors; whatever was started is gone by then
 */
export async function runCapture(options: CaptureRunOptions): Promise<ExitCode> {
  requirePrivilege();
  const { childEndsWithinMs = CHILD_ENDS_WITHIN_MS } = options;
  let stopping = false;
  const stop = new Promise<void>((resolve) => {
    onStopSignal(() => {
      stopping = true;
      resolve();
    });
  });
  const child = startChild(options.child, options.files ?? null);
  options.onChild?.((name) => child.kill(name));
  let ledger: Ledger | null = null;
  const parts: Parts = { machine: null, inventory: null, evidence: null, kernel: null };
  try {
    const failure = child.failed.then((error) => Promise.reject(error));
    // It may come when nobody waits any more.
    failure.catch(() => undefined);
    const flowing = startFlow(options, child, parts);
    // A child that fails at once (its port is in use) must not wait for a lab to be built.
    if ((await Promise.race([flowing, child.ended])) === undefined) {
      void child.listening.then((port) => options.onListening?.(port));
      await Promise.race([stop, child.wantsEnd, failure, ...elapsed(options.durationMs)]);
      ledger = parts.kernel?.finish() ?? null;
    } else {
      // What it was doing fails or succeeds by itself; either way it is taken down below.
      await flowing.catch(() => undefined);
    }
    child.stream.end();
    if (!(await within(childEndsWithinMs, Promise.race([failure, child.ended])))) {
      const what = `${nameOf(options.child)} did not take the last packets within ${childEndsWithinMs / 1000} s`;
      throw new Failure(EXIT.failure, `${what} and was killed`);
    }
    await Promise.race([failure, within(CHILD_ENDS_WITHIN_MS, child.silent)]);
  } catch (error) {
    // Ctrl-C reaches the tools that are building a lab, too: what fails by it is no failure.
    if (!stopping || parts.kernel !== null) throw error;
    return EXIT.ok;
  } finally {
    child.kill();
    parts.inventory?.close();
    parts.evidence?.close();
    parts.kernel?.close();
    await parts.machine?.stop();
  }
  const end = await child.ended;
  // Ctrl-C also reaches a child that has no handler for it yet.
  const isStopped = stopping && end.signal !== null && end.signal !== 'SIGKILL';
  const code = isStopped ? EXIT.ok : judgeEnd(end, options.child);
  if (code === EXIT.ok && ledger !== null) options.onEnd?.(ledger);
  return code;
}

interface Parts {
  machine: Machine | null;
  inventory: LiveInventory | null;
  evidence: DropEvidence | null;
  kernel: Kernel | null;
}

/** Fills in `parts` as they come to life, so that they can be taken down whatever happens. */
async function startFlow(options: CaptureRunOptions, child: Child, parts: Parts): Promise<void> {
  const native = loadNative();
  const machine = await options.openMachine();
  parts.machine = machine;
  const writer = createFrameWriter(child.stream);
  // Frames begin with hello: what is to be said before it waits.
  const early: string[] = [...machine.notes];
  let warn = (text: string): void => void early.push(text);

  const netns = await resolveNetnsFilter(options.netns, machine, native);
  if (options.inventory) {
    const evidence = openDropEvidence({
      send: (frame) => writer.writeControl(frame),
      warn: (text) => warn(text),
      trace: options.allowSystemChanges ? options.packets : null,
    });
    parts.evidence = evidence;
    parts.inventory = openLiveInventory({
      native,
      machine,
      send: (frame) => writer.writeControl(frame),
      warn: (text) => warn(text),
      onNamespaces: evidence.update,
    });
  }
  const { inventory, evidence } = parts;
  parts.kernel = openKernel({
    native,
    writer,
    lab: machine.lab,
    timeoutMs: options.timeoutMs,
    countsDevices: options.countsDevices === true,
    filter: {
      ...options.packets,
      ...(netns === null ? {} : { netns }),
      ...(options.ifname === null ? {} : { ifname: options.ifname }),
      ...(options.ringBytes === null ? {} : { ringBytes: options.ringBytes }),
    },
    devices: () => inventory?.devices ?? new Map(),
    onUnknownDevice: () => inventory?.discover(),
    onRecords: (...batch) => evidence?.inspect(...batch),
  });
  await inventory?.start();
  const isListed = inventory !== null && inventory.devices.size > 0;
  if (isListed && options.ifname !== null && !inventory.hasInterface(options.ifname, netns)) {
    early.push(`there is no interface named ${printable(options.ifname)} yet: waiting for it`);
  }
  parts.kernel.start();
  warn = (text) => writer.writeControl({ type: 'notice', level: 'warning', text });
  early.forEach(warn);
}

function elapsed(ms: number | null): Promise<void>[] {
  return ms === null ? [] : [new Promise((resolve) => void setTimeout(resolve, ms))];
}

const NAMES = {
  gateway: 'the web server process',
  printer: 'the printing process',
  recorder: 'the recording process',
} as const;
const nameOf = ({ program }: ChildStart) => NAMES[program];

/** A child that failed has said why; one that was killed could not. */
function judgeEnd({ code, signal }: ChildEnd, child: ChildStart): ExitCode {
  if (signal !== null) {
    const what = `${nameOf(child)} was killed (${signal}), so the capture has ended`;
    return reportFailure(new Failure(EXIT.failure, `${what}: start hopscope again`));
  }
  return Object.values(EXIT).find((known) => known === code) ?? EXIT.failure;
}
