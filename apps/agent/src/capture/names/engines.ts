// Where a Docker or Podman of this machine may be listening and keeping its files.
import { readdirSync, readFileSync } from 'node:fs';
import { isRoots, readArguments, readComm } from './process.ts';

export interface EngineSocket {
  readonly socketPath: string;
  readonly source: 'docker' | 'podman';
}

export interface EnginePlaces {
  readonly sockets: readonly EngineSocket[];
  readonly dataRoots: readonly string[];
}

const DEFAULT_DATA_ROOT = '/var/lib/docker';

/** What the user says, what running daemons were told, the configuration file, the defaults: in this order. */
export function findEngines(env: NodeJS.ProcessEnv): EnginePlaces {
  const daemons = listDaemonArguments();
  const dockerSockets = [
    unixPath(env.DOCKER_HOST),
    ...daemons.flatMap((args) => optionValues(args, ['-H', '--host']).map(unixPath)),
    '/var/run/docker.sock',
  ];
  const dataRoots = [
    ...daemons.flatMap((args) => optionValues(args, ['-g', '--graph', '--data-root'])),
    configuredDataRoot(),
    DEFAULT_DATA_ROOT,
  ];
  return {
    sockets: [
      ...unique(dockerSockets).map((socketPath) => ({ socketPath, source: 'docker' as const })),
      { socketPath: '/run/podman/podman.sock', source: 'podman' },
    ],
    dataRoots: unique(dataRoots),
  };
}

function unique(values: readonly (string | null)[]): string[] {
  return [...new Set(values.filter((value) => value?.startsWith('/') === true))].filter((value) => value !== null);
}

function unixPath(host: string | undefined): string | null {
  return host?.startsWith('unix://') === true ? host.slice('unix://'.length) : null;
}

/** Of root's daemons alone: anybody may call a program dockerd, and we would read, as root, what it points to. */
function listDaemonArguments(): string[][] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && readComm(Number(name)) === 'dockerd' && isRoots(Number(name)))
      .map((name) => readArguments(Number(name)));
  } catch {
    return [];
  }
}

/** `--name value` and `--name=value`. */
export function optionValues(args: readonly string[], names: readonly string[]): string[] {
  const values: string[] = [];
  args.forEach((arg, i) => {
    const [name = '', ...value] = arg.split('=');
    if (!names.includes(name)) return;
    const given = value.length > 0 ? value.join('=') : args[i + 1];
    if (given !== undefined) values.push(given);
  });
  return values;
}

function configuredDataRoot(): string | null {
  try {
    const config: unknown = JSON.parse(readFileSync('/etc/docker/daemon.json', 'utf8'));
    const root = typeof config === 'object' && config !== null && 'data-root' in config ? config['data-root'] : null;
    return typeof root === 'string' ? root : null;
  } catch {
    return null;
  }
}
