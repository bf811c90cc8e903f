// The agent as a user starts it, and a page that takes everything in and draws nothing.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { readBatch } from '@hopscope/protocol';
import WebSocket from 'ws';

const LAUNCHER = join(import.meta.dirname, '../apps/agent/bin/hopscope.mjs');

export interface RunningAgent {
  readonly port: number;
  stop(): Promise<void>;
}

/** Resolves at the agent's "listening" line. */
export async function startAgent(): Promise<RunningAgent> {
  const port = await freePort();
  const agent = spawn(process.execPath, [LAUNCHER, 'serve', '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await lineWith(agent, 'listening');
  return {
    port,
    async stop() {
      const gone = once(agent, 'exit');
      agent.kill('SIGTERM');
      await gone;
    },
  };
}

export interface Page {
  /** Resolves when the first hop is here. */
  readonly firstHop: Promise<void>;
  hops(): number;
  close(): void;
}

export async function openPage(port: number): Promise<Page> {
  const socket = new WebSocket(`ws://localhost:${port}/ws`, { origin: `http://localhost:${port}` });
  let hops = 0;
  let next = 0;
  let acked = 0;
  const firstHop = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer, binary) => {
      if (!binary) return;
      const batch = readBatch(data, 0n);
      hops += batch.count;
      next = batch.firstHop + batch.count;
      resolve();
    });
  });
  // As a page does: credit once per animation frame.
  const frame = setInterval(() => {
    if (next === acked) return;
    acked = next;
    socket.send(JSON.stringify({ type: 'ack', hop: next }));
  }, 16);
  socket.on('close', () => clearInterval(frame));
  await once(socket, 'open');
  return { firstHop, hops: () => hops, close: () => socket.terminate() };
}

/** Resolves when the process has printed a line with `text`, to all that it has printed by then. */
export async function lineWith(child: ChildProcess, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = '';
    // Stays on: a pipe that nobody reads fills up and stops the process.
    child.stdout?.on('data', (chunk) => {
      if (seen.length < 65536) seen += chunk;
      if (seen.includes(text)) resolve(seen);
    });
    child.once('exit', () => reject(new Error(`the process ended before it printed "${text}"`)));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
