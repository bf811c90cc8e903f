// A file system for the virtual machine: this system's programs with the libraries that they name, the built agent, the kernel's modules.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findCommand } from '../../scripts/lib/debian-packages.mjs';
import { Failure, root } from '../../scripts/lib/terminal.mjs';

const PROGRAMS = ['bash', 'bridge', 'ip', 'kmod', 'mount', 'nft', 'nsenter', 'ping', 'setpriv', 'tc', 'unshare'];
/** Of the modules only what networks are made of. */
const MODULES = [
  'kernel/net',
  'kernel/drivers/net',
  'kernel/lib',
  'kernel/crypto',
  'kernel/arch',
  'modules.order',
  'modules.builtin',
  'modules.builtin.modinfo',
];

/**
 * @param {string} folder made anew; `${folder}.cpio.gz` is the image
 * @param {string} modules a kernel's folder below lib/modules
 * @param {string} version the kernel's
 */
export function buildImage(folder, modules, version) {
  rmSync(folder, { recursive: true, force: true });
  for (const each of [
    'bin',
    'proc',
    'sys',
    'dev',
    'tmp',
    'run',
    'root',
    'etc',
    'usr/sbin',
    'usr/bin',
    'sbin',
    'var/run',
  ])
    mkdirSync(join(folder, each), { recursive: true });
  const into = (file, target = file) => {
    mkdirSync(dirname(join(folder, target)), { recursive: true });
    cpSync(realpathSync(file), join(folder, target));
  };
  const withLibraries = (file, target) => {
    into(file, target);
    const said = execFileSync('ldd', [file], { encoding: 'utf8' });
    for (const [library] of said.matchAll(/\/[^ \n]+\.so[^ \n]*/g)) into(library);
  };
  into('/bin/busybox', '/bin/busybox');
  for (const applet of execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n'))
    if (![...PROGRAMS, 'sh', 'busybox'].includes(applet)) symlinkSync('busybox', join(folder, 'bin', applet));
  for (const program of PROGRAMS) {
    const file = findCommand(program);
    if (file === undefined) throw new Failure(`${program} is not installed`);
    withLibraries(realpathSync(file), `/usr/bin/${program}`);
  }
  // BusyBox' own shell would take its own `ip` for the real one.
  symlinkSync('/usr/bin/bash', join(folder, 'bin/sh'));
  withLibraries(process.execPath, '/usr/bin/node');
  symlinkSync('/usr/bin/kmod', join(folder, 'sbin/modprobe'));

  const at = (path) => join(root, path);
  for (const path of [
    'apps/agent/bin',
    'apps/agent/dist',
    'apps/agent/package.json',
    'apps/web/dist',
    'tests/kernels',
    'package.json',
  ])
    cpSync(at(path), join(folder, 'hopscope', path), { recursive: true });
  const native = join(folder, 'hopscope/node_modules/@hopscope/native');
  for (const path of ['package.json', 'index.js']) cpSync(at(`native/${path}`), join(native, path));
  cpSync(realpathSync(at('native/node_modules/node-gyp-build')), join(native, 'node_modules/node-gyp-build'), {
    recursive: true,
  });
  cpSync(at('native/build/Release/hopscope.node'), join(native, 'build/Release/hopscope.node'));
  withLibraries(at('native/build/Release/hopscope.node'), '/hopscope/native.node');
  rmSync(join(folder, 'hopscope/native.node'));

  const target = join(folder, 'lib/modules', version);
  for (const path of MODULES)
    if (existsSync(join(modules, path))) cpSync(join(modules, path), join(target, path), { recursive: true });
  // It warns of lists that newer packages do not bring, and does without.
  execFileSync(findCommand('depmod') ?? 'depmod', ['-b', folder, version], { stdio: 'ignore' });

  cpSync(join(import.meta.dirname, 'init.sh'), join(folder, 'init'));
  chmodSync(join(folder, 'init'), 0o755);
  execFileSync('sh', ['-c', `find . | cpio -o -H newc --quiet | gzip -1 > '${folder}.cpio.gz'`], { cwd: folder });
  return `${folder}.cpio.gz`;
}
