// Builds a declared topology in namespaces of its own and takes it down again.
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import {
  checkTopology,
  firewallScripts,
  holderScript,
  namespaceScript,
  namespacesScript,
  scriptInside,
  trafficScript,
} from './build-script.ts';
import { type InitShell, startInitShell } from './init-shell.ts';
import { LabError } from './lab-error.ts';
import { PRACTICE_HOST } from './practice-host.ts';
import { spawnInside } from './spawn-inside.ts';
import { checkTools, toolPath } from './tools.ts';
import type { LabNamespace, LabTopology } from './topology.ts';

export interface LabNamespaceHandle {
  readonly name: string;
  /** Inode number of the network namespace, as in /proc/PID/ns/net. */
  readonly inum: number;
  /** It plays the machine itself. */
  readonly host: boolean;
  /** A process that stays in it until the lab stops, as numbered outside the lab. */
  readonly pid: number;
}

export interface Lab {
  /** In the order of the declaration. */
  readonly namespaces: readonly LabNamespaceHandle[];
  /** What this machine could not give and what is lost by it, a sentence each. */
  readonly notes: readonly string[];
  /**
   * Starts a program inside a namespace of the lab. It ends with the lab at the latest. `kill` reaches the program itself.
   * @throws LabError `ERR_TOPOLOGY` when there is no such namespace
   */
  run(namespace: string, argv: readonly string[], options?: SpawnOptions): ChildProcess;
  /** Resolves when no process, mount, namespace or link of it is left. A second call waits for the same end. */
  stop(): Promise<void>;
}

/**
 * Builds a lab: the practice host unless another topology is given. Nothing on the machine itself changes, and when the
 * starter dies, by SIGKILL too, the lab dies with it. Must be called on a thread that lives as long as the lab.
 * @throws LabError with one line that says what is missing or what failed; nothing is left behind then
 */
export async function startLab(topology: LabTopology = PRACTICE_HOST): Promise<Lab> {
  checkTopology(topology);
  if (process.getuid?.() !== 0) throw new LabError('ERR_NO_PRIVILEGE', 'a lab needs root: run it with sudo');
  const path = toolPath(process.env.PATH ?? '');
  checkTools(
    (topology.traffic ?? []).map(({ argv }) => argv[0] ?? ''),
    path,
  );
  // LC_ALL: the tools' messages are shown, and the user's language may not be ours.
  const env = { ...process.env, PATH: path, LC_ALL: 'C' };
  const shell = startInitShell(env);
  try {
    const { namespaces, notes } = await build(shell, topology);
    return createLab(shell, namespaces, notes, env);
  } catch (error) {
    await shell.end();
    throw error;
  }
}

async function build(shell: InitShell, topology: LabTopology) {
  const ipv6 = existsSync('/proc/sys/net/ipv6');
  const notes = ipv6 ? [] : ['this machine has no IPv6: the lab has only IPv4 addresses'];
  await shell.run('namespaces and wires', namespacesScript(topology));
  const namespaces: LabNamespaceHandle[] = [];
  for (const namespace of topology.namespaces) {
    const { name, host = false } = namespace;
    const pid = Number(await shell.run(`a process in "${name}"`, holderScript(name)));
    namespaces.push({ name, host, pid, inum: statSync(`/proc/${pid}/ns/net`).ino });
    await shell.run(`namespace "${name}"`, scriptInside(name, namespaceScript(topology, namespace, { ipv6 })));
    const note = await buildFirewall(shell, namespace);
    if (note !== '') notes.push(note);
  }
  for (const traffic of topology.traffic ?? []) await shell.run(traffic.argv.join(' '), trafficScript(traffic));
  return { namespaces, notes };
}

/** Answers a note when the rules are optional and no tool could set them. */
async function buildFirewall(shell: InitShell, { name, firewall }: LabNamespace): Promise<string> {
  if (firewall === undefined) return '';
  let failure: unknown;
  for (const script of firewallScripts(firewall)) {
    try {
      await shell.run(`firewall rules of "${name}"`, scriptInside(name, script));
      return '';
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure === undefined) return '';
  if (firewall.optional !== true || !(failure instanceof LabError)) throw failure;
  return `"${name}" has no firewall rules, so nothing is translated or dropped there (apt-get install nftables): ${failure.message}`;
}

function createLab(
  shell: InitShell,
  namespaces: readonly LabNamespaceHandle[],
  notes: readonly string[],
  env: NodeJS.ProcessEnv,
): Lab {
  let end: Promise<void> | undefined;
  return {
    namespaces,
    notes,
    run(namespace, argv, options = {}) {
      const found = namespaces.find(({ name }) => name === namespace);
      if (found === undefined) throw new LabError('ERR_TOPOLOGY', `the lab has no namespace "${namespace}"`);
      if (end !== undefined) throw new LabError('ERR_SYSTEM', 'the lab has ended');
      return spawnInside(found.pid, argv, { env, ...options });
    },
    stop() {
      end ??= shell.end();
      return end;
    },
  };
}
