// Programs that a test starts beside itself: they die with the test, and are waited for by what they say.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Long enough for a slow machine; a program that needs longer is stuck. */
const PATIENCE_MS = 30_000;

export interface Companion {
  readonly pid: number;
  /** Lines so far, in order of arrival. They grow. */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** Resolves with the first line, of either stream, that matches; rejects with what was said when the program ends or stalls. */
  waitForLine(pattern: RegExp): Promise<string>;
  /** Sends the signal and resolves with the exit status (null: killed) when the program and its output have ended. */
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts a program that gets `deathSignal` when this process dies. */
export function startCompanion(
  argv: readonly string[],
  options: SpawnOptions = {},
  deathSignal: 'KILL' | 'TERM' = 'KILL',
): Companion {
  const child = spawn('setpriv', ['--pdeathsig', deathSignal, '--', ...argv], {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const watchers = new Set<() => void>();
  let over = false;
  const closed = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      over = true;
      resolve(status);
      for (const watch of watchers) watch();
    });
  });
  const stdout = collectLines(child, 'stdout', watchers);
  const stderr = collectLines(child, 'stderr', watchers);

  return {
    pid: child.pid ?? 0,
    stdout,
    stderr,
    waitForLine: (pattern) =>
      new Promise((resolve, reject) => {
        const end = (finish: () => void) => {
          watchers.delete(watch);
          clearTimeout(timer);
          finish();
        };
        const fail = (why: string) =>
          end(() =>
            reject(new Error(`${argv.join(' ')}: no ${pattern}: ${why}\n${[...stdout, ...stderr].join('\n')}`)),
          );
        const watch = () => {
          const line = [...stdout, ...stderr].find((each) => pattern.test(each));
          if (line !== undefined) end(() => resolve(line));
          else if (over) fail('it has ended');
        };
        const timer = setTimeout(() => fail(`nothing for ${PATIENCE_MS / 1000} s`), PATIENCE_MS);
        watchers.add(watch);
        watch();
      }),
    stop(signal) {
      child.kill(signal);
      const impatience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      return closed.finally(() => clearTimeout(impatience));
    },
  };
}

function collectLines(child: ChildProcess, name: 'stdout' | 'stderr', watchers: Set<() => void>): string[] {
  const lines: string[] = [];
  const input = child[name];
  if (input === null) return lines;
  createInterface({ input }).on('line', (line) => {
    lines.push(line);
    for (const watch of watchers) watch();
  });
  return lines;
}
