// `--filter-netns`: an inode number, a path such as /proc/PID/ns/net, or a name → the inode number the kernel filters by.
import { readlinkSync, statfsSync, statSync } from 'node:fs';
import type { NamespaceFacts } from '@hopscope/native';
import { EXIT, Failure, messageOf } from '../lib/failure.ts';
import type { NativeAddon } from '../lib/native.ts';
import { printable } from '../lib/printable.ts';
import type { Machine } from './machine.ts';

const NSFS_MAGIC = 0x6e736673;
const NAMES_WITHIN_MS = 1500;

/**
 * @returns inode numbers, without duplicates; null when nothing was asked for and the machine is watched whole
 * @throws Failure naming the value that stands for no network namespace
 */
export async function resolveNetnsFilter(
  specs: readonly string[],
  machine: Machine,
  native: NativeAddon,
): Promise<readonly number[] | null> {
  if (specs.length === 0) return machine.netns;
  // A practice host has its own names; the machine's mean nothing in it.
  const ipNetnsInum = machine.lab ? () => null : runNetnsInum;
  const names = specs.filter((spec) => !/^\d+$/.test(spec) && !spec.startsWith('/') && ipNetnsInum(spec) === null);
  const named = names.length > 0 ? await readNames(machine, native) : new Map<string, number[]>();
  const inums = specs.flatMap((spec) => {
    if (/^\d+$/.test(spec)) return [readInum(spec)];
    if (spec.startsWith('/')) return [pathInum(spec)];
    const byName = named.get(spec) ?? [ipNetnsInum(spec)].filter((inum) => inum !== null);
    if (byName.length === 0) throw unknown(spec, 'no namespace or container has this name');
    return byName;
  });
  return [...new Set(inums)];
}

function unknown(spec: string, why: string): Failure {
  const help = 'give its name, its inode number (the one in `readlink /proc/PID/ns/net`), or that path';
  return new Failure(EXIT.usage, `--filter-netns ${printable(spec)}: ${why}: ${help}`);
}

function readInum(spec: string): number {
  const inum = Number(spec);
  if (inum < 1 || inum >= 2 ** 32) throw unknown(spec, 'not an inode number of a namespace');
  return inum;
}

function pathInum(spec: string): number {
  try {
    const link = spec.startsWith('/proc/') ? readlinkSync(spec) : 'net:[';
    if (statfsSync(spec).type === NSFS_MAGIC && link.startsWith('net:[')) return statSync(spec).ino;
  } catch (error) {
    throw unknown(spec, messageOf(error));
  }
  throw unknown(spec, 'not a network namespace');
}

/** What `ip netns` has under this name. */
function runNetnsInum(name: string): number | null {
  if (name.includes('/') || name === '.' || name === '..') return null;
  try {
    const path = `/run/netns/${name}`;
    return statfsSync(path).type === NSFS_MAGIC ? statSync(path).ino : null;
  } catch {
    return null;
  }
}

/** Every name that would be shown → the namespaces that have it. */
async function readNames(machine: Machine, native: NativeAddon): Promise<Map<string, number[]>> {
  const namespaces = await readInventoryOnce(native);
  const watched = namespaces.filter(({ inum }) => machine.netns?.includes(inum) !== false);
  for (const namespace of watched) machine.names(namespace);
  await machine.namesSettled(NAMES_WITHIN_MS);
  const named = new Map<string, number[]>();
  for (const namespace of watched) {
    for (const { text } of machine.names(namespace)) named.set(text, [...(named.get(text) ?? []), namespace.inum]);
  }
  return named;
}

async function readInventoryOnce(native: NativeAddon): Promise<NamespaceFacts[]> {
  return new Promise((resolve) => {
    const inventory = native.openInventory({
      onSnapshot(namespaces) {
        // Not inside its own callback.
        setImmediate(() => inventory.close());
        resolve(namespaces);
      },
    });
  });
}
