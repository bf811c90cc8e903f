// The machine's own tools, run inside a network namespace to read a table: time-limited, their output bounded, nothing inherited.
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

/** Not the caller's PATH: this process is root. */
const FOLDERS = ['/usr/sbin', '/sbin', '/usr/local/sbin', '/usr/bin', '/bin', '/usr/local/bin'];
const TOOL_WITHIN_MS = 1000;
const OUTPUT_MAX_BYTES = 4 * 1024 * 1024;
/** For nsenter, behind the three of stdio. */
const NETNS_FD = 3;

/** Full path, or null when it is not installed. */
export function findTool(name: string): string | null {
  for (const folder of FOLDERS) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

export interface NetnsPlace {
  readonly inum: number;
  /** Files that stood for it when it was last seen, best first: /proc/PID/ns/net, /run/netns/NAME. */
  readonly files: readonly string[];
}

/**
 * A file of the namespace, open. A pid or a name may have been given to another namespace since: the inode number tells.
 * @returns null when it is gone
 */
export async function openNetns({ inum, files }: NetnsPlace): Promise<FileHandle | null> {
  for (const file of files) {
    let handle: FileHandle;
    try {
      handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch {
      continue;
    }
    const found = await handle.stat().catch(() => null);
    if (found?.ino === inum) return handle;
    await handle.close();
  }
  return null;
}

/** Starts a program in the namespace. It gets a pipe as stdin and output, and an environment without the caller's variables. */
export function spawnInNetns(nsenter: string, netns: FileHandle, argv: readonly string[]): ChildProcess {
  return spawn(nsenter, [`--net=/proc/self/fd/${NETNS_FD}`, '--', ...argv], {
    stdio: ['pipe', 'pipe', 'pipe', netns.fd],
    env: { PATH: FOLDERS.join(':'), LC_ALL: 'C' },
    cwd: '/',
  });
}

export interface ToolAnswer {
  /** Null: it was killed, for its time or its output. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a tool to its end in the namespace; the namespace is held for no longer than that. Never rejects. */
export async function runInNetns(
  nsenter: string,
  place: NetnsPlace,
  argv: readonly string[],
): Promise<ToolAnswer | null> {
  const netns = await openNetns(place);
  if (netns === null) return null;
  try {
    return await collect(spawnInNetns(nsenter, netns, argv));
  } finally {
    await netns.close();
  }
}

function collect(child: ChildProcess): Promise<ToolAnswer> {
  const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  let bytes = 0;
  // Where the tool is a script, a child of it may hold the pipes open for good: they are not waited for.
  const stop = () => {
    child.kill('SIGKILL');
    child.stdout?.destroy();
    child.stderr?.destroy();
  };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > OUTPUT_MAX_BYTES) stop();
      else parts[name].push(chunk);
    });
  }
  child.stdin?.on('error', () => undefined);
  child.stdin?.end();
  const timer = setTimeout(stop, TOOL_WITHIN_MS);
  const text = (name: 'stdout' | 'stderr') => Buffer.concat(parts[name]).toString('utf8');
  return new Promise((resolve) => {
    const end = (status: number | null) => {
      clearTimeout(timer);
      resolve({ status, stdout: text('stdout'), stderr: text('stderr') });
    };
    child.once('error', () => end(null));
    child.once('close', end);
  });
}
