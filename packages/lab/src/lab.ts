// Builds a declared topology in namespaces of its own and takes it down again.
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import {
  checkTopology,
  devicesScript,
  firewallScripts,
  holderScript,
  namespaceScript,
  namespacesScript,
  neededTools,
  scriptInside,
  trafficScript,
} from './build-script.ts';
import type { LabChange, LabFault } from './fault.ts';
import { type InitShell, startInitShell } from './init-shell.ts';
import { LabError } from './lab-error.ts';
import { PRACTICE_HOST } from './practice-host.ts';
import { spawnInside } from './spawn-inside.ts';
import { checkTools, toolPath } from './tools.ts';
import type { LabNamespace, LabTopology, LabTraffic } from './topology.ts';

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
  /**
   * Applies the changes of a fault, one fault after another.
   * @throws LabError when one of them cannot be made, `ERR_MISSING_KERNEL` when by this kernel; what was changed is undone then
   */
  apply(fault: LabFault): Promise<void>;
  /** Takes back what `apply` did. @throws LabError `ERR_SYSTEM` when a change cannot be taken back */
  undo(fault: LabFault): Promise<void>;
  /** Starts a program in the background, as the topology's own traffic. */
  start(traffic: LabTraffic): Promise<void>;
  /** Resolves when the lab is over, by `stop` or because somebody else took it down. */
  readonly ended: Promise<void>;
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
  checkTools(neededTools(topology), path);
  // LC_ALL: the tools' messages are shown, and the user's language may not be ours.
  const env = { ...process.env, PATH: path, LC_ALL: 'C' };
  const shell = startInitShell(env);
  try {
    const { namespaces, notes } = await build(shell, topology);
    return createLab(shell, namespaces, notes, env, path);
  } catch (error) {
    await shell.end();
    throw error;
  }
}

async function build(shell: InitShell, topology: LabTopology) {
  const ipv6 = existsSync('/proc/sys/net/ipv6');
  const notes = ipv6 ? [] : ['this machine has no IPv6: the lab has only IPv4 addresses'];
  await shell.run('namespaces and wires', namespacesScript(topology));
  for (const namespace of topology.namespaces) {
    const script = devicesScript(namespace);
    if (script !== '') await shell.run(`devices of "${namespace.name}"`, scriptInside(namespace.name, script));
  }
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
  path: string,
): Lab {
  let end: Promise<void> | undefined;
  const checkNamespace = (name: string) => {
    if (!namespaces.some((each) => each.name === name)) {
      throw new LabError('ERR_TOPOLOGY', `the lab has no namespace "${name}"`);
    }
  };
  const change = (fault: LabFault, { namespace }: LabChange, script: string) =>
    shell.run(`fault "${fault.name}"`, scriptInside(namespace, script));
  return {
    namespaces,
    notes,
    ended: shell.ended,
    async apply(fault) {
      for (const { namespace } of [...fault.changes, fault.probe]) checkNamespace(namespace);
      checkTools(
        fault.changes.flatMap(({ tools }) => tools),
        path,
      );
      for (const [nth, each] of fault.changes.entries()) {
        try {
          await change(fault, each, each.apply);
        } catch (error) {
          for (const done of fault.changes.slice(0, nth).toReversed()) await change(fault, done, done.undo);
          throw error;
        }
      }
    },
    async undo(fault) {
      for (const each of fault.changes.toReversed()) await change(fault, each, each.undo);
    },
    async start(traffic) {
      checkNamespace(traffic.namespace);
      checkTools([traffic.argv[0] ?? ''], path);
      await shell.run(traffic.argv.join(' '), trafficScript(traffic));
    },
    run(namespace, argv, options = {}) {
      checkNamespace(namespace);
      if (end !== undefined) throw new LabError('ERR_SYSTEM', 'the lab has ended');
      const target = namespaces.find(({ name }) => name === namespace)?.pid ?? 0;
      return spawnInside(target, argv, { env, ...options });
    },
    stop() {
      end ??= shell.end();
      return end;
    },
  };
}
