// The labs that run on this machine, found by the mark in their first process's environment, and their end.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Environment of a lab's first process: the pid of who started it. */
export const LAB_MARK = 'HOPSCOPE_LAB';
/** Environment of the process that stays in a namespace: the namespace's name. */
export const NAMESPACE_MARK = 'HOPSCOPE_LAB_NAMESPACE';

/** SIGKILL takes a process down at once, unless it is in the middle of a system call. */
const END_PATIENCE_MS = 5000;
const LOOK_EVERY_MS = 20;

export interface RunningLab {
  /** Its first process, with which everything of it ends. */
  readonly pid: number;
  /** Who started it, with its command line; empty when that is gone. */
  readonly starter: { readonly pid: number; readonly command: string };
  /** Names of its namespaces, in the order of the declaration. */
  readonly namespaces: readonly string[];
}

/** Labs of every starter that this process can see. Needs root to see those of others. */
export function findLabs(): RunningLab[] {
  const processes = listProcesses();
  return processes.flatMap(({ pid, environment, pidNamespace }) => {
    const starter = Number(environment.get(LAB_MARK));
    if (!(starter > 0) || !isFirstOfItsNamespace(pid)) return [];
    const namespaces = processes.flatMap((other) =>
      other.pidNamespace === pidNamespace ? (other.environment.get(NAMESPACE_MARK) ?? []) : [],
    );
    return [{ pid, starter: { pid: starter, command: commandOf(starter) }, namespaces }];
  });
}

/**
 * Ends a lab: every process of it, and with them its mounts, namespaces and links.
 * @returns processes that somebody else has put into its network namespaces, and that keep them: pid → command line
 */
export async function takeDownLab(lab: RunningLab): Promise<ReadonlyMap<number, string>> {
  const pidNamespace = namespaceOf(lab.pid, 'pid');
  const holders = listProcesses().filter(
    ({ environment, ...each }) => each.pidNamespace === pidNamespace && environment.has(NAMESPACE_MARK),
  );
  const networks = new Set(holders.map(({ pid }) => namespaceOf(pid, 'net')));
  // The first process is told by more than its number, which may be another's by now.
  if (findLabs().some(({ pid }) => pid === lab.pid)) kill(lab.pid);
  const deadline = performance.now() + END_PATIENCE_MS;
  const isLeft = () => listProcesses().some((each) => each.pidNamespace === pidNamespace);
  while (isLeft() && performance.now() < deadline) await delay(LOOK_EVERY_MS);
  const left = listProcesses().filter(({ pid }) => networks.has(namespaceOf(pid, 'net')));
  return new Map(left.map(({ pid }) => [pid, commandOf(pid)]));
}

/** What a lab calls the network namespace that this process stays in; null when it does so for no lab. */
export function labNameOf(pid: number): string | null {
  return environmentOf(pid).get(NAMESPACE_MARK) ?? null;
}

interface Process {
  readonly pid: number;
  readonly environment: ReadonlyMap<string, string>;
  readonly pidNamespace: string;
}

function listProcesses(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      const pid = Number(name);
      return { pid, environment: environmentOf(pid), pidNamespace: namespaceOf(pid, 'pid') };
    })
    .filter(({ pidNamespace }) => pidNamespace !== '');
}

function environmentOf(pid: number): ReadonlyMap<string, string> {
  const pairs = read(`/proc/${pid}/environ`).split('\0');
  return new Map(pairs.map((pair) => [pair.split('=', 1)[0] ?? '', pair.slice(pair.indexOf('=') + 1)]));
}

/** A program that only carries the mark, such as the one that makes the namespace, is no lab. */
function isFirstOfItsNamespace(pid: number): boolean {
  const numbers = /^NSpid:\t(.*)$/m.exec(read(`/proc/${pid}/status`))?.[1]?.split('\t') ?? [];
  return numbers.length > 1 && numbers.at(-1) === '1';
}

function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
}

function namespaceOf(pid: number, kind: 'net' | 'pid'): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return '';
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
