// The agent as a user runs it, and pages that speak to it as Chromium would.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CLIENT_FRAME_MAX_BYTES,
  type Hop,
  type HopBatch,
  type Ledger,
  parseServerFrame,
  readBatch,
  type ServerFrame,
  SOCKET_PATH,
} from '@hopscope/protocol';
import { WebSocket } from 'ws';
import { type Companion, startCompanion } from './child.ts';

export const PROGRAM = join(import.meta.dirname, '../../../apps/agent/bin/hopscope.mjs');

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command that ends by itself. @param wrapper a program that runs the rest of its arguments */
export function runHopscope(flags: readonly string[], wrapper: readonly string[] = [], env = process.env): Finished {
  const [program = '', ...args] = [...wrapper, process.execPath, PROGRAM, ...flags];
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 30_000, env });
  return { status, stdout, stderr };
}

export interface Serving extends Companion {
  readonly port: number;
  /** The unprivileged process. */
  readonly gatewayPid: number;
}

/** Resolves when the agent has printed its address. */
export async function startServe(flags: readonly string[] = [], env = process.env): Promise<Serving> {
  const agent = startCompanion([process.execPath, PROGRAM, 'serve', '--port', '0', ...flags], { env });
  const line = await agent.waitForLine(/listening on http/);
  const port = Number(/:(\d+)$/.exec(line)?.[1]);
  const gatewayPid = childrenOf(agent.pid).find((pid) => commandOf(pid).includes('gateway.mjs')) ?? 0;
  return { ...agent, port, gatewayPid };
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Ids of the BPF programs that a process holds, by its links' file descriptors. */
export function programIdsOf(pid: number): number[] {
  const folder = `/proc/${pid}/fdinfo`;
  const ids = readdirSync(folder).flatMap((fd) => {
    try {
      return /^prog_id:\s*(\d+)$/m.exec(readFileSync(join(folder, fd), 'utf8'))?.[1] ?? [];
    } catch {
      return [];
    }
  });
  return [...new Set(ids.map(Number))];
}

/** Those of the programs that the kernel still has. */
export function programsLeft(ids: readonly number[]): number[] {
  return ids.filter((id) => spawnSync('bpftool', ['prog', 'show', 'id', String(id)]).status === 0);
}

/** A field of /proc/PID/status. */
export function statusOf(pid: number, field: string): string {
  return new RegExp(`^${field}:[ \\t]*(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
}

export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

export interface Page {
  /** Control frames so far, in order. They grow. */
  readonly frames: readonly ServerFrame[];
  readonly hops: readonly Hop[];
  /** Hops that came, also when they are not kept. */
  readonly hopCount: number;
  readonly messages: number;
  readonly socket: WebSocket;
  /** Resolves with the close code and reason. */
  readonly closed: Promise<{ code: number; reason: string }>;
  ledger(): Ledger | undefined;
  /** Every ledger, with `hopCount` when it came. The first is from before this page connected. */
  /** Batches and ledgers in order, with `keep`. */
  readonly stream: readonly (HopBatch | Ledger)[];
  readonly ledgers: readonly { readonly ledger: Ledger; readonly hopCount: number }[];
}

export interface PageOptions {
  /** Acknowledge what comes. Default: yes. */
  readonly ack?: boolean;
  /** Keep decoded hops. Default: yes. */
  readonly keep?: boolean;
  /** Acknowledge only this often, in ms: a page that does not keep up. Default: with each batch. */
  readonly ackEveryMs?: number;
  /** Header overrides. */
  readonly origin?: string;
}

/** Resolves when the connection is open; what is sent afterwards arrives in `frames` and `hops`. */
export async function openPage(
  port: number,
  { ack = true, ackEveryMs, keep = true, origin }: PageOptions = {},
): Promise<Page> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${SOCKET_PATH}`, {
    origin: origin ?? `http://127.0.0.1:${port}`,
    perMessageDeflate: false,
  });
  const frames: ServerFrame[] = [];
  const hops: Hop[] = [];
  const ledgers: { ledger: Ledger; hopCount: number }[] = [];
  const stream: (HopBatch | Ledger)[] = [];
  const page = { hopCount: 0, messages: 0 };
  let late = '';
  const lateTimer =
    ackEveryMs === undefined
      ? undefined
      : setInterval(() => {
          if (late !== '') socket.send(late);
          late = '';
        }, ackEveryMs);
  let originNs = 0n;
  socket.on('message', (data: Buffer, isBinary) => {
    page.messages++;
    if (!isBinary) {
      const frame = parseServerFrame(data.toString());
      if (frame.type === 'hello') originNs = BigInt(frame.clock.monotonicNs);
      if (frame.type === 'ledger') ledgers.push({ ledger: frame, hopCount: page.hopCount });
      if (frame.type === 'ledger') stream.push(frame);
      frames.push(frame);
      return;
    }
    const batch = readBatch(data, originNs);
    page.hopCount += batch.count;
    if (keep) for (let i = 0; i < batch.count; i++) hops.push(batch.hop(i));
    if (keep) stream.push(batch);
    const text = JSON.stringify({ type: 'ack', hop: batch.endHop });
    if (text.length > CLIENT_FRAME_MAX_BYTES) throw new Error('an ack has outgrown its limit');
    if (ackEveryMs !== undefined) late = text;
    else if (ack) socket.send(text);
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      clearInterval(lateTimer);
      resolve({ code, reason: reason.toString() });
    });
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  return {
    frames,
    hops,
    get hopCount() {
      return page.hopCount;
    },
    get messages() {
      return page.messages;
    },
    socket,
    closed,
    ledger: () => ledgers.at(-1)?.ledger,
    ledgers,
    stream,
  };
}

/** seen - delivered - pending - Σ lost: must be 0. */
export function imbalance({ seen, delivered, pending, lost }: Ledger): number {
  return seen - delivered - pending - Object.values(lost).reduce((sum, count) => sum + count, 0);
}
