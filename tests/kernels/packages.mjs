// Debian's kernels for virtual machines, fetched beside this system's own packages and without touching them.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../scripts/lib/terminal.mjs';

const SUITES = ['bullseye', 'bookworm', 'bookworm-backports', 'trixie', 'sid'];
const SECURITY = ['bullseye-security', 'bookworm-security'];
const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** @param {string} folder where lists and kernels are kept */
export function openDebian(folder) {
  const at = (...path) => join(folder, 'apt', ...path);
  for (const path of ['lists/partial', 'cache/archives/partial']) mkdirSync(at(path), { recursive: true });
  writeFileSync(at('status'), '');
  const archives = ownArchives();
  const line = (archive, suite) => `deb [signed-by=${KEYS}] ${archive} ${suite} main\n`;
  const lines = [
    ...SUITES.map((suite) => line(archives.main, suite)),
    ...SECURITY.map((suite) => line(archives.security, suite)),
  ];
  writeFileSync(at('sources.list'), lines.join(''));
  const options = {
    'Dir::Etc::sourcelist': at('sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': at('lists'),
    'Dir::State::status': at('status'),
    'Dir::Cache': at('cache'),
    'APT::Sandbox::User': 'root',
    'Debug::NoLocking': '1',
  };
  const flags = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const run = (command, ...args) =>
    execFileSync(command, [...flags, ...args], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

  return {
    update: () => void run('apt-get', 'update'),

    /** The newest package for a line of kernels such as `6.1`. @throws Failure where Debian has none */
    newest(line) {
      const found = run(
        'apt-cache',
        'search',
        '--names-only',
        `^linux-image-${line.replaceAll('.', '\\.')}\\.[0-9.]+.*-cloud-amd64$`,
      );
      const names = found.match(/^linux-image-\S+/gm) ?? [];
      if (names.length === 0) throw new Failure(`Debian has no kernel ${line} for virtual machines`);
      const shown = run('apt-cache', 'show', '--no-all-versions', ...names);
      const versions = [...shown.matchAll(/^Package: (\S+)\n(?:.+\n)*?Version: (\S+)$/gm)].map(([, name, version]) => ({
        name,
        version,
      }));
      const isNewer = (one, other) => {
        try {
          execFileSync('dpkg', ['--compare-versions', one, 'gt', other]);
          return true;
        } catch {
          return false;
        }
      };
      return versions.reduce((best, each) => (isNewer(each.version, best.version) ? each : best)).name;
    },

    /** Unpacks a kernel, with what newer ones keep in packages of their own. */
    fetch(name) {
      const target = join(folder, name);
      if (existsSync(join(target, 'done'))) return kernelIn(target);
      mkdirSync(target, { recursive: true });
      const parts = /^Depends: (.*)$/m.exec(run('apt-cache', 'show', name))?.[1] ?? '';
      const others = [...parts.matchAll(/\blinux-(?:binary|modules)-[^ ,]+/g)].map(([each]) => each);
      for (const each of [name, ...others]) {
        run('apt-get', 'download', each);
        const file = readdirSync(folder).find((entry) => entry.startsWith(`${each}_`));
        if (file === undefined) throw new Failure(`${each} was not downloaded`);
        execFileSync('dpkg-deb', ['-x', join(folder, file), target]);
      }
      writeFileSync(join(target, 'done'), '');
      return kernelIn(target);
    },
  };
}

/** Where this system's own packages come from. @throws Failure where that is no archive of Debian's */
function ownArchives() {
  const format = ['--format', '$(REPO_URI) $(RELEASE)'];
  const lines = execFileSync('apt-get', ['indextargets', ...format], { encoding: 'utf8' })
    .trim()
    .split('\n');
  const places = lines.map((each) => each.split(' '));
  const main = places.find(([uri, release]) => /\/debian\/$/.test(uri) && !release?.endsWith('-security'))?.[0];
  const security = places.find(([, release]) => release?.endsWith('-security'))?.[0];
  if (main === undefined || security === undefined)
    throw new Failure('the kernels come from Debian’s archive, and this system names none');
  return { main, security };
}

function kernelIn(target) {
  const modules = ['lib/modules', 'usr/lib/modules'].map((path) => join(target, path)).find((path) => existsSync(path));
  if (modules === undefined) throw new Failure(`no kernel modules in ${target}`);
  const [version] = readdirSync(modules);
  const files = readdirSync(target, { recursive: true });
  const image = files.find((path) => /vmlinuz[^/]*$/.test(path));
  if (version === undefined || image === undefined) throw new Failure(`no kernel in ${target}`);
  return { version, modules: join(modules, version), image: join(target, image) };
}
