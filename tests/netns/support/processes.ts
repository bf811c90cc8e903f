// What /proc says about processes and the namespaces they are in.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** As /proc/PID/ns/KIND reads: `net:[4026531840]`; empty when the process is gone. */
export function namespaceOf(pid: number, kind: 'mnt' | 'net' | 'pid'): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return '';
  }
}

/** Every process that is in one of these namespaces. */
export function processesIn(namespaces: ReadonlySet<string>): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => (['mnt', 'net', 'pid'] as const).some((kind) => namespaces.has(namespaceOf(pid, kind))));
}

/** Processes that this one started and that have not ended. */
export function ownChildren(): string[] {
  return readdirSync('/proc/self/task').flatMap((task) =>
    readFileSync(`/proc/self/task/${task}/children`, 'utf8')
      .split(' ')
      .filter((pid) => pid !== ''),
  );
}
