// The unprivileged program that reads what the capture process writes: started first, so that it loads meanwhile.
import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { FrameError } from '@hopscope/protocol';
import type { GatewayConfig, PrinterConfig, RecorderConfig } from '../lib/child-config.ts';
import { createChildReader } from '../lib/child-messages.ts';
import { EXIT, Failure, messageOf } from '../lib/failure.ts';
import { isOtelVariable } from '../lib/otlp/settings.ts';

/** What the child may know of our environment: how to write to a terminal, and nothing secret but what it needs to send traces. */
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
  /** Resolves with why what the child told could not be taken: a file that cannot be written, or words that none of our programs says. */
  readonly failed: Promise<unknown>;
  /** Resolves when all that it told has been taken. */
  readonly silent: Promise<void>;
  kill(signal?: NodeJS.Signals): void;
}

/** Takes the recordings that a child makes. What it throws ends the run. */
export interface FileSink {
  begin(): void;
  /** @param bytes a whole header, block or footer @param hops in it */
  write(bytes: Uint8Array, hops: number): void;
  end(): void;
}

export type ChildStart =
  | { readonly program: 'gateway'; readonly config: GatewayConfig }
  | { readonly program: 'printer'; readonly config: PrinterConfig }
  | { readonly program: 'recorder'; readonly config: RecorderConfig };

/** @param files where its recordings go; null = it makes none */
export function startChild({ program, config }: ChildStart, files: FileSink | null): Child {
  const script = fileURLToPath(new URL(`./${program}.mjs`, import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(config)], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    env: childEnvironment(process.env, program === 'printer' && config.otlp),
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
  const told = listen(stream, files);
  return { stream, ended, ...told, kill: (signal = 'SIGKILL') => void child.kill(signal) };
}

/** NODE_OPTIONS stays behind, and io_uring off: its worker threads would keep the root credentials they started with. */
function childEnvironment(env: NodeJS.ProcessEnv, sendsTraces: boolean): NodeJS.ProcessEnv {
  const isPassedOn = (name: string) => PASSED_ON.includes(name) || (sendsTraces && isOtelVariable(name));
  const passed = Object.keys(env)
    .filter(isPassedOn)
    .map((name) => [name, env[name]]);
  return { ...Object.fromEntries(passed), UV_USE_IO_URING: '0' };
}

function waitForEnd(child: ChildProcess): Promise<ChildEnd> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

/** The child has no privilege: what it says is held to what our programs say, and nothing of it is kept. */
function listen(stream: Socket, files: FileSink | null): Pick<Child, 'wantsEnd' | 'listening' | 'failed' | 'silent'> {
  const [wantsEnd, end] = promise<void>();
  const [listening, tellPort] = promise<number>();
  const [failed, fail] = promise<unknown>();
  const [silent, fallSilent] = promise<void>();
  const read = createChildReader({
    onMessage(message) {
      if (message.type === 'listening') tellPort(message.port);
      if (message.type === 'finish') end();
      if (message.type === 'file') files?.begin();
      if (message.type === 'file-end') files?.end();
    },
    onFileBytes: (bytes, hops) => files?.write(bytes, hops),
  });
  let isBroken = false;
  stream.on('data', (chunk: Buffer) => {
    if (isBroken) return;
    try {
      read(chunk);
    } catch (error) {
      isBroken = true;
      fail(error instanceof FrameError ? new Failure(EXIT.failure, `the child says ${messageOf(error)}`) : error);
    }
  });
  for (const event of ['end', 'close'] as const) {
    stream.once(event, () => {
      end();
      fallSilent();
    });
  }
  return { wantsEnd, listening, failed, silent };
}

function promise<T>(): [Promise<T>, (value: T) => void] {
  let resolve: (value: T) => void = () => {};
  const made = new Promise<T>((settle) => {
    resolve = settle;
  });
  return [made, resolve];
}
