// `hopscope trace`, as a user runs it who keeps its output in a file: a test that reads its pipe late would make it shed packets.
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCompanion } from './child.ts';

const PROGRAM = join(import.meta.dirname, '../../../apps/agent/bin/hopscope.mjs');
/** Longer than it waits for anything before it tells a journey. */
const QUIET_MS = 4000;
const LOOK_EVERY_MS = 200;

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

export interface Trace {
  /** Resolves when it has told so many journeys (with --json), or none any more for a while: a machine under load prints late. */
  untilJourneys(expected: number): Promise<void>;
  /** Interrupts it and answers what it said. */
  stop(): Promise<{ status: number | null; stdout: readonly string[]; stderr: readonly string[] }>;
}

/** Resolves when it is seeing packets. */
export async function startTrace(...flags: readonly string[]): Promise<Trace> {
  const folder = mkdtempSync(join(tmpdir(), 'hopscope-trace-'));
  const file = join(folder, 'stdout');
  const trace = startCompanion(['sh', '-c', 'exec "$@" >"$0"', file, process.execPath, PROGRAM, 'trace', ...flags]);
  await trace.waitForLine(/\btracing\b/i);
  const countJourneys = createCounter(file, '"type":"journey"');
  return {
    untilJourneys: (expected) =>
      new Promise((resolve) => {
        let last = -1;
        let since = 0;
        const look = () => {
          const count = countJourneys();
          if (count !== last) since = performance.now();
          last = count;
          if (count >= expected || performance.now() - since > QUIET_MS) resolve();
          else setTimeout(look, LOOK_EVERY_MS);
        };
        look();
      }),
    async stop() {
      const status = await trace.stop('SIGINT');
      const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
      rmSync(folder, { recursive: true });
      return { status, stdout: lines, stderr: trace.stderr };
    },
  };
}

/** Counts a text in a file that grows, reading only what is new. */
function createCounter(file: string, text: string): () => number {
  const chunk = Buffer.alloc(2 ** 20);
  let offset = 0;
  let count = 0;
  let rest = '';
  return () => {
    const fd = openSync(file, 'r');
    for (let bytes = readSync(fd, chunk, 0, chunk.length, offset); bytes > 0; ) {
      offset += bytes;
      const parts = (rest + chunk.toString('latin1', 0, bytes)).split(text);
      count += parts.length - 1;
      rest = (parts.at(-1) ?? '').slice(1 - text.length);
      bytes = readSync(fd, chunk, 0, chunk.length, offset);
    }
    closeSync(fd);
    return count;
  };
}

export function parseHops(lines: readonly string[]): TracedHop[] {
  return lines.map((line) => JSON.parse(line)).filter((object) => object.type === 'hop');
}

/** @returns the journeys, and how many records the trace missed, as its last ledger says */
export function parseJourneys(lines: readonly string[]): { journeys: TracedJourney[]; missed: number } {
  const of = (type: string) =>
    lines.filter((line) => line.includes(`"type":"${type}"`)).map((line) => JSON.parse(line));
  return { journeys: of('journey'), missed: of('ledger').at(-1)?.missed ?? Number.NaN };
}
