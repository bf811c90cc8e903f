// Programs of ./programs in processes of their own: for what changes or ends a whole process.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Far above what any of them takes; one that needs longer is stuck. */
const PATIENCE_MS = 20_000;

export interface Ended {
  /** null: killed, `signal` says by what. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function pathOfProgram(name: string): string {
  return fileURLToPath(new URL(`../programs/${name}`, import.meta.url));
}

/** Runs `argv` to its end. */
export function run(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const [command = '', ...rest] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(command, rest, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PATIENCE_MS,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      stdout += part;
    });
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      stderr += part;
    });
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
}

/** Runs a program of ./programs with node; `wrapper` is a command line that ends by running what follows it. */
export function runProgram(
  name: string,
  {
    args = [],
    wrapper = [],
    env = {},
  }: { args?: readonly string[]; wrapper?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  return run([...wrapper, process.execPath, pathOfProgram(name), ...args], env);
}

/** What a program printed, as JSON; when that is nothing, an error with all it said. */
export function jsonOf(ended: Ended): unknown {
  try {
    return JSON.parse(ended.stdout);
  } catch {
    throw new Error(`status ${ended.status} ${ended.signal ?? ''}\n${ended.stdout}\n${ended.stderr}`);
  }
}

/** Why what needs root cannot run here, or null. */
export const whyNotRoot = process.getuid?.() === 0 ? null : 'needs root';
