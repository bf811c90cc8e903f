// Named namespaces for one test file: names nobody else has, removed at the end also when a test fails.
import { execFileSync } from 'node:child_process';
import { ip } from './ip-oracle.ts';

export interface TestNamespaces {
  /** Makes one; resolves to its name for `ip -n`. */
  add(name: string): Promise<string>;
  /** Its name for `ip -n`, made or not. */
  nameOf(name: string): string;
  remove(name: string): Promise<void>;
  /** Gives the namespace this process is in a name. */
  nameOwn(name: string): Promise<string>;
  removeAll(): void;
}

/** `prefix` tells the files apart that may run at once; the process id tells the runs. */
export function testNamespaces(prefix: string): TestNamespaces {
  const made = new Set<string>();
  const nameOf = (name: string) => `hop-${prefix}-${process.pid}-${name}`;
  return {
    nameOf,
    async add(name) {
      made.add(nameOf(name));
      await ip('netns', 'add', nameOf(name));
      return nameOf(name);
    },
    async remove(name) {
      await ip('netns', 'del', nameOf(name));
      made.delete(nameOf(name));
    },
    async nameOwn(name) {
      made.add(nameOf(name));
      await ip('netns', 'attach', nameOf(name), String(process.pid));
      return nameOf(name);
    },
    removeAll() {
      for (const name of made) {
        try {
          execFileSync('ip', ['netns', 'del', name], { stdio: 'pipe' });
        } catch {
          // Its making failed, which its test has told.
        }
      }
      made.clear();
    },
  };
}
