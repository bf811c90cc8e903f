// `hopscope trace`, as a user runs it.
import { join } from 'node:path';
import { startCompanion } from './child.ts';

const PROGRAM = join(import.meta.dirname, '../../../apps/agent/bin/hopscope.mjs');

/** What the tests need of docs/json.md's `hop`. */
export interface TracedHop {
  readonly type: 'hop';
  readonly netns: number;
  readonly ifname: string;
  readonly stage: string;
  readonly packet: unknown;
  readonly src: string;
  readonly dst: string;
  readonly len: number;
  readonly kind: string;
  readonly icmp: { readonly type: number; readonly code: number; readonly id: number; readonly seq: number };
}

export interface Trace {
  /** Lines so far. They grow. */
  readonly stdout: readonly string[];
  /** Interrupts it and answers what it said. */
  stop(): Promise<{ status: number | null; stdout: readonly string[]; stderr: readonly string[] }>;
}

/** Resolves when it is seeing packets. */
export async function startTrace(...flags: readonly string[]): Promise<Trace> {
  const trace = startCompanion([process.execPath, PROGRAM, 'trace', ...flags]);
  await trace.waitForLine(/\btracing\b/i);
  return {
    stdout: trace.stdout,
    async stop() {
      const status = await trace.stop('SIGINT');
      return { status, stdout: trace.stdout, stderr: trace.stderr };
    },
  };
}

export function parseHops(lines: readonly string[]): TracedHop[] {
  return lines.map((line) => JSON.parse(line)).filter((object) => object.type === 'hop');
}

/** What the tests need of docs/json.md's `journey`. */
export interface TracedJourney {
  readonly type: 'journey';
  readonly id: number;
  readonly seq: number;
  readonly kind: string;
  readonly exchange: number;
  readonly verdict: string;
  readonly join: string;
  readonly incomplete: boolean;
  readonly path: readonly { readonly netns: number; readonly ifname: string; readonly way: string }[];
}

export function journeysIn(lines: readonly string[]): TracedJourney[] {
  return lines.filter((line) => line.includes('"type":"journey"')).map((line) => JSON.parse(line));
}
