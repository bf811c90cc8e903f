// Finds what a test run has left behind, and ends it. Each process of a run carries the run's mark in its environment,
// so no process of anybody else is ever touched.
import { readdirSync, readFileSync } from 'node:fs';

export const markVariable = 'HOPSCOPE_TEST_RUN';

const read = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

const marked = (mark) =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => read(`/proc/${pid}/environ`).split('\0').includes(`${markVariable}=${mark}`))
    .map((pid) => ({ pid: Number(pid), name: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() }))
    .filter((each) => each.name !== '');

/** Ends every process of this run that is still there, and returns what they were. */
export function endLeftovers(mark) {
  const found = marked(mark);
  for (const { pid } of found) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
  return found.map(({ pid, name }) => `${name.slice(0, 120)} (pid ${pid})`);
}

const folder = (path) => {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
};

/** `ip netns add` mounts this folder over itself the first time it is run on a machine, and leaves it so. */
const foldersOfOthers = ['/run/netns'];

/** The named namespaces, the links and the mounts of this host, to compare before and after. */
export function hostState() {
  return [
    ...folder('/run/netns').map((name) => `namespace ${name}`),
    ...folder('/sys/class/net').map((name) => `link ${name}`),
    ...read('/proc/self/mounts')
      .split('\n')
      .map((line) => line.split(' ')[1])
      .filter((place) => place !== undefined && !foldersOfOthers.includes(place))
      .map((place) => `mount ${place}`),
  ];
}
