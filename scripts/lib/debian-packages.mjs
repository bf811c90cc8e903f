// Which Debian packages each purpose needs, why, and the command or file that shows one is there already.
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './terminal.mjs';

const packages = [
  { name: 'clang', for: 'build', command: 'clang', why: 'compiles the kernel programs' },
  { name: 'llvm', for: 'build', command: 'llvm-strip', why: 'strips the kernel programs' },
  { name: 'bpftool', for: 'build', command: 'bpftool', why: 'embeds the kernel programs' },
  { name: 'libbpf-dev', for: 'build', file: '/usr/include/bpf/libbpf.h', why: 'loads the kernel programs' },
  { name: 'libelf-dev', for: 'build', file: '/usr/include/libelf.h', why: 'libbpf needs it' },
  { name: 'zlib1g-dev', for: 'build', file: '/usr/include/zlib.h', why: 'libbpf needs it' },
  { name: 'g++', for: 'build', command: 'g++', why: 'compiles the native addon' },
  { name: 'make', for: 'build', command: 'make', why: 'builds both' },
  { name: 'python3', for: 'build', command: 'python3', why: 'node-gyp needs it' },
  { name: 'iproute2', for: 'lab', command: 'ip', why: 'builds the practice host' },
  { name: 'iputils-ping', for: 'lab', command: 'ping', why: 'sends its packets' },
  { name: 'nftables', for: 'lab', command: 'nft', why: 'drops some of them' },
  { name: 'util-linux', for: 'lab', command: 'unshare', why: 'keeps it apart from this host' },
  { name: 'mount', for: 'lab', command: 'mount', why: 'the same' },
  { name: 'docker.io', for: 'test', command: 'dockerd', why: 'real containers' },
  { name: 'iptables', for: 'test', command: 'iptables', why: 'dockerd needs it, and tests drop packets with it' },
  { name: 'busybox-static', for: 'test', file: '/bin/busybox', why: 'the test container is made of it' },
  { name: 'chromium', for: 'test', command: 'chromium', why: 'browser tests' },
  { name: 'fonts-dejavu-core', for: 'test', file: '/usr/share/fonts/truetype/dejavu', why: 'screenshots with letters' },
  { name: 'linux-perf', for: 'test', command: 'perf', why: 'the independent witness of the ground-truth test' },
  { name: 'curl', for: 'test', command: 'curl', why: 'asks the gateway as anybody could' },
  { name: 'qemu-system-x86', for: 'kernels', command: 'qemu-system-x86_64', why: 'starts other kernels' },
  { name: 'kmod', for: 'kernels', command: 'depmod', why: 'finds their modules' },
  { name: 'cpio', for: 'kernels', command: 'cpio', why: 'packs their files' },
  { name: 'librsvg2-bin', for: 'test', command: 'rsvg-convert', why: 'opens the pictures that the page makes' },
  { name: 'firefox-esr', for: 'test', command: 'firefox-esr', why: 'opens what was made for any browser' },
  { name: 'tcpdump', for: 'test', command: 'tcpdump', why: 'a second witness' },
  { name: 'tshark', for: 'test', command: 'tshark', why: 'reads what was exported, as Wireshark would' },
  { name: 'wireshark-common', for: 'test', command: 'capinfos', why: 'the same' },
  { name: 'graphviz', for: 'test', command: 'dot', why: 'draws what was exported' },
  // Installed, it would start a service: only this file of it is taken, into .hopscope/tools.
  { name: 'prometheus', for: 'test', command: 'promtool', only: 'usr/bin/promtool', why: 'checks what /metrics says' },
];

/** Programs of packages that are not installed. */
export const toolFolder = join(root, '.hopscope', 'tools');

const folders = () => [
  ...new Set([...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/local/sbin', toolFolder]),
];

/** The full path of a command, looked for on PATH and where administrators' commands live; undefined when absent. */
export function findCommand(command) {
  for (const folder of folders()) {
    if (folder === '') continue;
    const file = join(folder, command);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/** The packages missing for these purposes ('build', 'lab', 'test', 'pictures'). */
export function missingPackages(purposes) {
  return packages.filter(
    (wanted) =>
      purposes.includes(wanted.for) &&
      !(wanted.command === undefined ? existsSync(wanted.file) : findCommand(wanted.command)),
  );
}
