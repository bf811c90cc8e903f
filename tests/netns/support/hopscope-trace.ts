// `hopscope trace`, as a user runs it who keeps its output in a file: a test that reads its pipe late would make it shed packets.
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
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
  /** Lines so far. They grow when this is read. */
  readonly stdout: readonly string[];
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
  const follower = followLines(file);
  return {
    get stdout() {
      return follower.read();
    },
    untilJourneys: (expected) =>
      new Promise((resolve) => {
        let counted = 0;
        let journeys = 0;
        let since = performance.now();
        const look = () => {
          const lines = follower.read();
          const before = journeys;
          for (; counted < lines.length; counted++) if (lines[counted]?.includes('"type":"journey"')) journeys++;
          if (journeys !== before) since = performance.now();
          if (journeys >= expected || performance.now() - since > QUIET_MS) resolve();
          else setTimeout(look, LOOK_EVERY_MS);
        };
        look();
      }),
    async stop() {
      const status = await trace.stop('SIGINT');
      const stdout = follower.read();
      follower.close();
      rmSync(folder, { recursive: true });
      return { status, stdout, stderr: trace.stderr };
    },
  };
}

/** The whole lines of a file that grows. */
function followLines(file: string): { read(): readonly string[]; close(): void } {
  const fd = openSync(file, 'r');
  const chunk = Buffer.alloc(2 ** 20);
  const decoder = new TextDecoder();
  const lines: string[] = [];
  let rest = '';
  let open = true;
  return {
    read() {
      for (let bytes = open ? readSync(fd, chunk) : 0; bytes > 0; bytes = readSync(fd, chunk)) {
        const parts = (rest + decoder.decode(chunk.subarray(0, bytes), { stream: true })).split('\n');
        rest = parts.pop() ?? '';
        for (const line of parts) lines.push(line);
      }
      return lines;
    },
    close() {
      open = false;
      closeSync(fd);
    },
  };
}

export function parseHops(lines: readonly string[]): TracedHop[] {
  return lines.map((line) => JSON.parse(line)).filter((object) => object.type === 'hop');
}

/**
 * @returns the journeys, and how many records the trace missed
 * @throws Error when the trace did not live to say so
 */
export function parseJourneys(lines: readonly string[]): { journeys: TracedJourney[]; missed: number } {
  const of = (type: string) =>
    lines.filter((line) => line.includes(`"type":"${type}"`)).map((line) => JSON.parse(line));
  const ledger: { missed: number; final: boolean } | undefined = of('ledger').at(-1);
  if (ledger?.final !== true) throw new Error('the trace was killed: it did not end within its time');
  return { journeys: of('journey'), missed: ledger.missed };
}
