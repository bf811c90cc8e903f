// Where a scene is played: a lab of its own, or real containers of a Docker engine of its own. Only what belongs to it is published.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { promisify } from 'node:util';
import { type LabFault, type LabTopology, startLab } from '@hopscope/lab';
import type { Namespace } from '@hopscope/protocol';
import { startDocker } from '../netns/support/docker.ts';

/** How all of these call the machine that they were made on. */
export const HOST = 'practice';

export interface Site {
  /** Whether it plays the machine, as a lab does. */
  readonly isLab: boolean;
  readonly inums: readonly number[];
  /** For the agent: where to ask for names. */
  readonly env: NodeJS.ProcessEnv;
  /** Resolves when it has ended, whatever came of it. */
  run(namespace: string, argv: readonly string[]): Promise<void>;
  /** What of a namespace is published; null = nothing. */
  own(namespace: Namespace): Namespace | null;
  stop(): Promise<void>;
}

export async function openLab(topology: LabTopology): Promise<Site & { apply(fault: LabFault): Promise<void> }> {
  const lab = await startLab({ ...topology, traffic: [] });
  const known = new Map(lab.namespaces.map((handle) => [handle.inum, handle]));
  return {
    isLab: true,
    inums: [...known.keys()],
    env: process.env,
    run: async (namespace, argv) => void (await once(lab.run(namespace, argv, { stdio: 'ignore' }), 'exit')),
    own(namespace) {
      const handle = known.get(namespace.inum);
      if (handle === undefined) return null;
      return { ...namespace, host: handle.host, names: [{ text: handle.name, source: 'lab', image: '', project: '' }] };
    },
    apply: (fault) => lab.apply(fault),
    stop: () => lab.stop(),
  };
}

/** @param names of the containers, which are of one Compose project */
export async function openContainers(project: string, names: readonly string[]): Promise<Site> {
  const docker = await startDocker();
  try {
    const containers = [];
    for (const name of names) {
      containers.push(await docker.run(name, ['--label', `com.docker.compose.project=${project}`]));
    }
    const host = statSync('/proc/self/ns/net').ino;
    const inums = [host, ...containers.map(({ inum }) => inum)];
    const ports = new Set([docker.bridge, ...containers.map(({ hostVeth }) => hostVeth)]);
    return {
      isLab: false,
      inums,
      env: { ...process.env, DOCKER_HOST: `unix://${docker.socket}` },
      async run(namespace, argv) {
        if (namespace !== 'host') return void (await docker.exec(namespace, argv).catch(() => ''));
        const [program = '', ...args] = argv;
        await promisify(execFile)(program, args).catch(() => undefined);
      },
      own(namespace) {
        if (!inums.includes(namespace.inum)) return null;
        if (!namespace.host) return namespace;
        // The rest of the host's interfaces are nobody's business.
        const links = namespace.links.filter(({ name }) => ports.has(name));
        return {
          ...namespace,
          links,
          defaultRoutes: [],
          names: [{ text: HOST, source: 'own', image: '', project: '' }],
        };
      },
      stop: () => docker.stop(),
    };
  } catch (error) {
    await docker.stop();
    throw error;
  }
}
