// The unprivileged program that reads what the capture process writes: started first, so that it loads meanwhile.
import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { GatewayConfig, PrinterConfig } from '../lib/child-config.ts';
import { EXIT, Failure } from '../lib/failure.ts';

/** What the child may know of our environment: how to write to a terminal, and nothing secret. */
const PASSED_ON = ['PATH', 'TERM', 'COLORTERM', 'NO_COLOR', 'FORCE_COLOR', 'LANG', 'LC_ALL', 'TZ', 'HOPSCOPE_DEBUG'];

const STREAM_FD = 3;

/** How the child ended: of its own accord with a code, or by a signal that somebody sent. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Child {
  /** Frames go in here. It may be destroyed by the child's death at any time. */
  readonly stream: Socket;
  /** Resolves when the child asks us to finish, or is gone. */
  readonly wantsEnd: Promise<void>;
  readonly ended: Promise<ChildEnd>;
  /** Resolves with the port once pages are served; never for a child that serves none. */
  readonly listening: Promise<number>;
  kill(): void;
}

export type ChildStart =
  | { readonly program: 'gateway'; readonly config: GatewayConfig }
  | { readonly program: 'printer'; readonly config: PrinterConfig };

export function startChild({ program, config }: ChildStart): Child {
  const script = fileURLToPath(new URL(`./${program}.mjs`, import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(config)], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    env: childEnvironment(process.env),
  });
  const ended = waitForEnd(child);
  // Where not even a pipe could be made, there is no `stdio` at all, whatever its type says.
  const stdio: ChildProcess['stdio'] | undefined = child.stdio;
  const stream = stdio?.[STREAM_FD];
  if (!(stream instanceof Socket)) {
    // What failed is told by an event to come; nobody is left to hear it.
    ended.catch(() => undefined);
    throw new Failure(
      EXIT.failure,
      `the ${program} process cannot be started: are there too many open files or processes (ulimit -n, ulimit -u)?`,
    );
  }
  // The child ends its half to ask us to finish; ours must stay open for the rest of the hops and the last ledger.
  stream.allowHalfOpen = true;
  // A write to a child that just died: its end is reported by `ended`.
  stream.on('error', () => undefined);
  return {
    stream,
    wantsEnd: new Promise((resolve) => {
      stream.once('end', resolve);
      stream.once('close', () => resolve());
    }),
    ended,
    listening: readListening(stream),
    kill: () => child.kill('SIGKILL'),
  };
}

/** NODE_OPTIONS stays behind, and io_uring off: its worker threads would keep the root credentials they started with. */
function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const passed = PASSED_ON.filter((name) => env[name] !== undefined).map((name) => [name, env[name]]);
  return { ...Object.fromEntries(passed), UV_USE_IO_URING: '0' };
}

function waitForEnd(child: ChildProcess): Promise<ChildEnd> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

/** The child has no privilege and is not trusted with more than one short line. */
function readListening(stream: Socket): Promise<number> {
  return new Promise((resolve) => {
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      if (text.length > 32) return;
      text += chunk.toString('latin1');
      const port = /^listening (\d{1,5})\n/.exec(text)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
}
