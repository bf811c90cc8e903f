// Which programs a lab needs, and which Debian package brings each.
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { LabError } from './lab-error.ts';

const PACKAGES: Readonly<Record<string, string>> = {
  bash: 'bash',
  bridge: 'iproute2',
  clang: 'clang',
  ip: 'iproute2',
  iptables: 'iptables',
  mount: 'mount',
  nft: 'nftables',
  nsenter: 'util-linux',
  perl: 'perl-base',
  ping: 'iputils-ping',
  setpriv: 'util-linux',
  tc: 'iproute2',
  unshare: 'util-linux',
};

const ALWAYS_NEEDED = ['ip', 'mount', 'nsenter', 'setpriv', 'unshare'];

/** As root's own: a PATH kept from an ordinary user lacks the sbin folders, where `ip` and `nft` live. */
export function toolPath(path: string): string {
  const folders = path.split(':').filter((folder) => folder !== '');
  for (const folder of ['/usr/sbin', '/usr/bin', '/sbin', '/bin']) {
    if (!folders.includes(folder)) folders.push(folder);
  }
  return folders.join(':');
}

/** @throws LabError `ERR_MISSING_TOOL` naming every missing program and its package */
export function checkTools(programs: Iterable<string>, path: string): void {
  const missing = [...new Set([...ALWAYS_NEEDED, ...programs])].filter((program) => !isInstalled(program, path));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => PACKAGES[program] ?? program))];
  const list = missing.map((program) => `\`${program}\``).join(', ');
  throw new LabError(
    'ERR_MISSING_TOOL',
    `the lab needs ${list}, which ${missing.length === 1 ? 'is' : 'are'} not installed: apt-get install ${packages.join(' ')}`,
  );
}

function isInstalled(program: string, path: string): boolean {
  if (program.includes('/')) return isExecutable(program);
  return path.split(':').some((folder) => isExecutable(join(folder, program)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
