// A real Docker engine for tests: private (socket, data and state in a temporary folder), on the machine's own network
// as users have it, and gone after `stop` with everything that it made.
//
// It sets no iptables rule and no sysctl: its chains have the same names as those of an engine that is already here.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Companion, startCompanion } from './child.ts';

const IMAGE = 'hopscope-test:latest';

export interface DockerContainer {
  readonly name: string;
  readonly id: string;
  readonly pid: number;
  /** Inode number of its network namespace. */
  readonly inum: number;
  readonly ipv4: string;
  readonly ipv6: string;
  /** The end of its veth pair that is plugged into the bridge. */
  readonly hostVeth: string;
}

export interface DockerEngine {
  /** `docker0`, unless the machine had one already. */
  readonly bridge: string;
  readonly bridgeIpv4: string;
  readonly bridgeIpv6: string;
  /** Where its API listens: for `DOCKER_HOST=unix://…`. */
  readonly socket: string;
  /** Starts a container that sleeps, on the default network. */
  run(name: string, options?: readonly string[]): Promise<DockerContainer>;
  /** Runs a busybox command in a container and answers what it printed. */
  exec(name: string, argv: readonly string[]): Promise<string>;
  remove(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** Why no engine can be started here, or null. */
export function whyNoDocker(): string | null {
  if (process.getuid?.() !== 0) return 'needs root';
  const missing = [
    ['dockerd', 'docker.io'],
    ['docker', 'docker.io'],
    ['busybox', 'busybox-static'],
  ].filter(([program = '']) => !isInstalled(program));
  if (missing.length === 0) return null;
  return `needs ${missing.map(([program, debian]) => `${program} (${debian})`).join(', ')}`;
}

export async function startDocker(): Promise<DockerEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'hopscope-docker-'));
  const socket = join(folder, 'docker.sock');
  const remembered = rememberPaths();
  const bridge = chooseBridge();
  const daemon = startDaemon(folder, socket, bridge.argv);
  const docker = async (...argv: string[]) =>
    (await promisify(execFile)('docker', ['--host', `unix://${socket}`, ...argv], { encoding: 'utf8' })).stdout.trim();
  const stop = async () => {
    await removeContainers(docker).catch(() => {});
    await daemon.stop('SIGTERM');
    unmountBelow(folder);
    rmSync(folder, { recursive: true, force: true });
    execFileSync('ip', ['link', 'delete', bridge.name], { stdio: 'ignore' });
    remembered.restore();
  };
  try {
    await daemon.waitForLine(/API listen on .*docker\.sock/);
    await importImage(folder, socket);
  } catch (error) {
    await stop();
    throw error;
  }
  let stopped: Promise<void> | undefined;
  return {
    bridge: bridge.name,
    bridgeIpv4: bridge.ipv4,
    bridgeIpv6: bridge.ipv6,
    socket,
    run: async (name, options = []) => {
      await docker('run', '--detach', '--name', name, ...options, IMAGE, 'sleep', '1000000');
      return inspect(docker, name);
    },
    exec: (name, argv) => docker('exec', name, ...argv),
    remove: async (name) => {
      await docker('rm', '--force', name);
    },
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

type Docker = (...argv: string[]) => Promise<string>;

interface Bridge {
  readonly name: string;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly argv: readonly string[];
}

/** Docker's own bridge; where an engine runs already, another one, made here. */
function chooseBridge(): Bridge {
  if (!existsSync('/sys/class/net/docker0')) {
    const argv = ['--ipv6', '--fixed-cidr-v6=fd00:d0c::/64'];
    return { name: 'docker0', ipv4: '172.17.0.1', ipv6: 'fd00:d0c::1', argv };
  }
  const name = `hopbr${process.pid}`;
  const part = 1 + (process.pid % 250);
  const [ipv4, ipv6] = [`172.29.${part}.1`, `fd00:d0c:${part}::1`];
  const batch = `link add ${name} type bridge\naddr add ${ipv4}/24 dev ${name}\naddr add ${ipv6}/64 dev ${name} nodad\nlink set ${name} up\n`;
  execFileSync('ip', ['-batch', '-'], { input: batch });
  return { name, ipv4, ipv6, argv: [`--bridge=${name}`, '--ipv6', `--fixed-cidr-v6=fd00:d0c:${part}::/64`] };
}

function startDaemon(folder: string, socket: string, network: readonly string[]): Companion {
  const places = [
    `--host=unix://${socket}`,
    `--data-root=${join(folder, 'data')}`,
    `--exec-root=${join(folder, 'exec')}`,
    `--pidfile=${join(folder, 'pid')}`,
    '--storage-driver=vfs',
  ];
  const hands = ['--iptables=false', '--ip6tables=false', '--ip-masq=false', '--ip-forward=false'];
  // Told to end, it still has containers to end: SIGTERM, also when the test is killed.
  return startCompanion(['dockerd', '--shutdown-timeout=1', ...places, ...hands, ...network], {}, 'TERM');
}

async function importImage(folder: string, socket: string): Promise<void> {
  const root = join(folder, 'root');
  mkdirSync(join(root, 'bin'), { recursive: true });
  cpSync('/bin/busybox', join(root, 'bin/busybox'));
  for (const applet of ['ip', 'ping', 'sh', 'sleep']) symlinkSync('busybox', join(root, 'bin', applet));
  const tar = spawn('tar', ['-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const docker = spawn('docker', ['--host', `unix://${socket}`, 'import', '-', IMAGE], {
    stdio: [tar.stdout, 'ignore', 'inherit'],
  });
  const [status] = await once(docker, 'close');
  if (status !== 0) throw new Error('docker import failed');
}

async function inspect(docker: Docker, name: string): Promise<DockerContainer> {
  const format = '{{.Id}} {{.State.Pid}} {{.NetworkSettings.IPAddress}} {{.NetworkSettings.GlobalIPv6Address}}';
  const [id = '', pid = '', ipv4 = '', ipv6 = ''] = (await docker('inspect', '--format', format, name)).split(' ');
  const [eth0] = links('nsenter', `--target=${pid}`, '--net', '--', 'ip', '-j', 'link', 'show', 'dev', 'eth0');
  const hostVeth = links('ip', '-j', 'link').find(({ ifindex }) => ifindex === eth0?.link_index)?.ifname;
  if (hostVeth === undefined) throw new Error(`no veth of ${name} on this machine`);
  return { name, id, pid: Number(pid), inum: statSync(`/proc/${pid}/ns/net`).ino, ipv4, ipv6, hostVeth };
}

function links(program: string, ...argv: string[]): { ifindex: number; ifname: string; link_index?: number }[] {
  return JSON.parse(execFileSync(program, argv, { encoding: 'utf8' }));
}

/** dockerd waits ten seconds for a process that ignores SIGTERM, as pid 1 of a container does. */
async function removeContainers(docker: Docker): Promise<void> {
  const ids = (await docker('ps', '--all', '--quiet')).split('\n').filter((id) => id !== '');
  if (ids.length > 0) await docker('rm', '--force', ...ids);
}

function unmountBelow(folder: string): void {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  for (const line of mounts.reverse()) {
    const [, place = ''] = line.split(' ');
    if (place.startsWith(`${folder}/`)) execFileSync('umount', [place]);
  }
}

/** What an engine makes outside the folders that it is given: the parent cgroup, and a few folders. */
function rememberPaths(): { restore(): void } {
  const controllers = readdirSync('/sys/fs/cgroup').map((name) => `/sys/fs/cgroup/${name}`);
  const cgroups = ['/sys/fs/cgroup', ...controllers].map((parent) => join(parent, 'docker'));
  const made = [
    '/etc/docker/key.json',
    '/etc/docker',
    '/run/docker/plugins',
    '/run/docker',
    '/run/containerd/s',
    '/run/containerd',
    ...cgroups,
  ].filter((path) => !existsSync(path));
  return {
    restore() {
      for (const path of made.filter((each) => existsSync(each))) {
        if (statSync(path).isDirectory()) rmdirSync(path);
        else rmSync(path);
      }
    },
  };
}

function isInstalled(program: string): boolean {
  return [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'].some((folder) => {
    try {
      accessSync(join(folder, program));
      return true;
    } catch {
      return false;
    }
  });
}
