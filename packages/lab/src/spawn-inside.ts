// Programs started in a lab that already runs.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Starts a program in the network, mount and pid namespaces of process `target`, so that it dies with that pid namespace.
 * A pid namespace is entered by a child: the returned process is nsenter, which waits for the program, ends as it
 * ends and passes no signal on. `kill` is therefore aimed at the program; killing nsenter would leave it running.
 */
export function spawnInside(target: number, argv: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawn('nsenter', [`--target=${target}`, '--net', '--mount', '--pid', '--', ...argv], options);
  const killNsenter = child.kill.bind(child);
  child.kill = (signal) => {
    const program = childOf(child.pid);
    if (program === null) return killNsenter(signal);
    try {
      return process.kill(program, signal ?? 'SIGTERM');
    } catch {
      return false;
    }
  };
  return child;
}

/** The one child of a process; null when it has none (yet, or any more). */
function childOf(pid: number | undefined): number | null {
  try {
    const [child = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    return child === '' ? null : Number(child);
  } catch {
    return null;
  }
}
