// The oracle where thousands of packets are counted: `perf record` on the tracepoints `net:…`, printed by `perf script`.
//
// Not `perf trace`: of the same events it lost about one in two thousand and said nothing (perf 6.1, 8,000 packets, four
// tracepoints, with nothing else tracing), where `perf record` and `perf stat` had every one. Its times are the records' clock.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startCompanion } from './child.ts';
import type { PerfEvent } from './perf-trace.ts';

/** With the time of CLOCK_MONOTONIC, in ns. */
export interface TimedPerfEvent extends PerfEvent {
  readonly t: number;
}

export interface PerfRecord {
  /** Ends perf and answers every event of the wanted lengths, in order of kernel time. */
  stop(): Promise<TimedPerfEvent[]>;
}

// The workload begins when the events are on, and ends with perf.
const WORKLOAD = ['setpriv', '--pdeathsig', 'KILL', '--', 'sh', '-c', 'echo recording; exec sleep infinity'];
// Of each CPU: events that cannot be filtered come in floods when something else floods the machine.
const BUFFER = '64M';
// perf mounts tracefs where that is missing; in a mount namespace of its own that mount goes away with it.
const APART = ['unshare', '--mount', '--propagation', 'private', 'perf'];

/** Starts perf for packets whose skb->len is one of `lengths`, and resolves when it is seeing packets. */
export async function startPerfRecord(tracepoints: readonly string[], lengths: readonly number[]): Promise<PerfRecord> {
  const perf = await startPerf(packetEvents(tracepoints, lengths));
  return {
    stop: async () => (await perf.stop()).flatMap((line) => parsePacket(line) ?? []),
  };
}

/** perf's arguments for tracepoints `net:…` of packets with these lengths. */
export function packetEvents(tracepoints: readonly string[], lengths: readonly number[]): string[] {
  const filter = lengths.map((length) => `len == ${length}`).join(' || ');
  return tracepoints.flatMap((name) => ['-e', `net:${name}`, '--filter', filter]);
}

/** Resolves when the events are recorded. `stop` ends that and answers what perf prints of them, in order of kernel time. */
export async function startPerf(events: readonly string[]): Promise<{ stop(): Promise<PerfLine[]> }> {
  const folder = mkdtempSync(join(tmpdir(), 'hopscope-perf-'));
  const file = join(folder, 'perf.data');
  const options = ['--all-cpus', '--quiet', '--clockid', 'CLOCK_MONOTONIC', '--mmap-pages', BUFFER, '--output', file];
  const perf = startCompanion([...APART, 'record', ...options, ...events, '--', ...WORKLOAD]);
  await perf.waitForLine(/^recording$/);
  return {
    async stop() {
      await perf.stop('SIGINT');
      const fields = ['--ns', '-F', 'pid,time,event,trace', '--show-lost-events', '--input', file];
      const [program = '', ...args] = [...APART, 'script', ...fields];
      const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 2 ** 30 });
      rmSync(folder, { recursive: true });
      const lines = stdout.split('\n');
      const lost = lines.find((line) => /LOST/.test(line));
      if (lost !== undefined) throw new Error(`perf record lost events, so it is no oracle: ${lost}`);
      return lines.flatMap((line) => parseLine(line) ?? []);
    },
  };
}

export interface PerfLine {
  /** Process in whose time it happened. */
  readonly pid: number;
  /** CLOCK_MONOTONIC, in ns. */
  readonly t: number;
  /** `net:netif_rx` */
  readonly event: string;
  /** `dev=eth0 skbaddr=0xffff… len=84`, as the tracepoint prints them. */
  readonly fields: string;
}

function parseLine(line: string): PerfLine | null {
  const found = /^\s*(\d+)\s+(\d+)\.(\d{9}):\s+(\w+:\w+): (.*)$/.exec(line);
  if (found === null) return null;
  const [, pid = '', seconds = '', ns = '', event = '', fields = ''] = found;
  return { pid: Number(pid), t: Number(BigInt(seconds) * 1_000_000_000n + BigInt(ns)), event, fields };
}

export function fieldOf(fields: string, name: string): string {
  return new RegExp(`\\b${name}=(\\S+)`).exec(fields)?.[1] ?? '';
}

/** Null when it is no event of a packet on a device. */
export function parsePacket({ t, event, fields }: PerfLine): TimedPerfEvent | null {
  const [group = '', stage = ''] = event.split(':');
  if (group !== 'net') return null;
  return {
    t,
    stage,
    ifname: fieldOf(fields, 'dev'),
    len: Number(fieldOf(fields, 'len')),
    skb: fieldOf(fields, 'skbaddr'),
  };
}
