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
// perf mounts tracefs where that is missing; in a mount namespace of its own that mount goes away with it.
const APART = ['unshare', '--mount', '--propagation', 'private', 'perf'];

/** Starts perf for packets whose skb->len is one of `lengths`, and resolves when it is seeing packets. */
export async function startPerfRecord(tracepoints: readonly string[], lengths: readonly number[]): Promise<PerfRecord> {
  const folder = mkdtempSync(join(tmpdir(), 'hopscope-perf-'));
  const file = join(folder, 'perf.data');
  const filter = lengths.map((length) => `len == ${length}`).join(' || ');
  const events = tracepoints.flatMap((name) => ['-e', `net:${name}`, '--filter', filter]);
  const options = ['--all-cpus', '--quiet', '--clockid', 'CLOCK_MONOTONIC', '--output', file];
  const perf = startCompanion([...APART, 'record', ...options, ...events, '--', ...WORKLOAD]);
  await perf.waitForLine(/^recording$/);
  return {
    async stop() {
      await perf.stop('SIGINT');
      const fields = ['--ns', '-F', 'time,event,trace', '--show-lost-events', '--input', file];
      const [program = '', ...args] = [...APART, 'script', ...fields];
      const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 2 ** 30 });
      rmSync(folder, { recursive: true });
      const lost = stdout.split('\n').find((line) => /LOST/.test(line));
      if (lost !== undefined) throw new Error(`perf record lost events, so it is no oracle: ${lost}`);
      return stdout.split('\n').flatMap(parseLine);
    },
  };
}

function parseLine(line: string): TimedPerfEvent[] {
  const [, seconds = '', ns = '', stage = '', fields = ''] = /^\s*(\d+)\.(\d{9}):\s+net:(\w+): (.*)$/.exec(line) ?? [];
  const field = (name: string) => new RegExp(`\\b${name}=(\\S+)`).exec(fields)?.[1] ?? '';
  if (stage === '') return [];
  const t = Number(BigInt(seconds) * 1_000_000_000n + BigInt(ns));
  return [{ t, stage, ifname: field('dev'), len: Number(field('len')), skb: field('skbaddr') }];
}
