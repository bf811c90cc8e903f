// The oracle: `perf trace` on the four tracepoints. It prints no ICMP field, so packets are told by their length.
import { execFileSync } from 'node:child_process';
import { startCompanion } from './child.ts';

const TRACEPOINTS = ['net_dev_queue', 'netif_receive_skb_entry', 'netif_rx', 'napi_gro_receive_entry'] as const;

/** Marks the beginning and the end of a recording: no test sends a packet of these lengths. */
const MARKER_SIZE = { ready: 1401, end: 1402 };

export interface PerfEvent {
  readonly stage: string;
  readonly ifname: string;
  /** skb->len */
  readonly len: number;
  /** Address of the skb: the same for the hops of one packet that follow each other, reused by later packets. */
  readonly skb: string;
}

export interface PerfTrace {
  /** Ends perf and answers every event of the wanted lengths, in order of kernel time. */
  stop(): Promise<PerfEvent[]>;
}

/**
 * Starts perf for packets whose skb->len is one of `lengths`, and resolves when it is seeing packets.
 * perf mounts tracefs where that is missing; in a mount namespace of its own that mount goes away with it.
 */
export async function startPerfTrace(lengths: readonly number[]): Promise<PerfTrace> {
  const markers = Object.values(MARKER_SIZE).map((size) => lengthOnLoopback(size));
  const filter = [...lengths, ...markers].map((length) => `len == ${length}`).join(' || ');
  const events = TRACEPOINTS.flatMap((name) => ['-e', `net:${name}`, '--filter', filter]);
  const perf = startCompanion(['unshare', '--mount', '--propagation', 'private', 'perf', 'trace', ...events]);
  const seen = (size: number) => perf.waitForLine(new RegExp(`len: ${lengthOnLoopback(size)}\\b`));
  await sendUntil(MARKER_SIZE.ready, seen(MARKER_SIZE.ready));
  return {
    async stop() {
      // perf forgets what it has not read yet when it is interrupted: first let it come up with everything.
      await sendUntil(MARKER_SIZE.end, seen(MARKER_SIZE.end));
      await perf.stop('SIGINT');
      const lines = [...perf.stdout, ...perf.stderr];
      const lost = lines.find((line) => /\bLOST\b/.test(line));
      if (lost !== undefined) throw new Error(`perf trace lost events, so it is no oracle: ${lost}`);
      return parsePerfTrace(lines).filter(({ len }) => lengths.includes(len));
    },
  };
}

/** skb->len in netif_rx of an IPv4 ping of this size. */
function lengthOnLoopback(size: number): number {
  return size + 8 + 20;
}

async function sendUntil(size: number, seen: Promise<unknown>): Promise<void> {
  let waiting = true;
  const done = seen.finally(() => {
    waiting = false;
  });
  const send = () => {
    if (!waiting) return;
    execFileSync('ping', ['-n', '-q', '-c', '1', '-s', String(size), '127.0.0.1'], { stdio: 'ignore' });
    setTimeout(send, 100);
  };
  send();
  await done;
}

/** perf reads one buffer per CPU after the other, so lines are put in order of their time, which is in ms. */
function parsePerfTrace(lines: readonly string[]): PerfEvent[] {
  return lines
    .flatMap((line) => {
      const [, time = '', stage = '', fields = ''] = /^\s*(\d+\.\d+) .*? net:(\w+)\((.*)\)$/.exec(line) ?? [];
      const ifname = /\bname: "([^"]*)"/.exec(fields)?.[1];
      const len = /\blen: (\d+)/.exec(fields)?.[1];
      const skb = /\bskbaddr: (0x[0-9a-f]+)/.exec(fields)?.[1];
      if (ifname === undefined || len === undefined || skb === undefined) return [];
      return [{ time: Number(time), event: { stage, ifname, len: Number(len), skb } }];
    })
    .sort((a, b) => a.time - b.time)
    .map(({ event }) => event);
}

/** Why perf cannot be the oracle here, or null. */
export function whyNoPerf(): string | null {
  try {
    execFileSync('perf', ['--version'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'needs perf: apt-get install linux-perf';
  }
}
