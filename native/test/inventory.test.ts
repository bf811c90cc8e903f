// The inventory's life: open, close, misuse, threads, the end of the process. What it finds is tests/netns/inventory.test.ts.

import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { type Inventory, type NamespaceFacts, openInventory } from '@hopscope/native';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { AS_NOBODY } from '../../tests/netns/support/as-nobody.ts';
import { jsonOf, pathOfProgram, run, runProgram, whyNotRoot } from './support/run-program.ts';

const opened: Inventory[] = [];
afterEach(() => {
  for (const inventory of opened.splice(0)) inventory.close();
});

function open(onSnapshot: (namespaces: NamespaceFacts[]) => void): Inventory {
  const inventory = openInventory({ onSnapshot });
  opened.push(inventory);
  return inventory;
}

/** Opens one and resolves with its first snapshot. */
function openAndWait(): Promise<{ inventory: Inventory; namespaces: NamespaceFacts[] }> {
  return new Promise((resolve) => {
    const inventory = open((namespaces) => resolve({ inventory, namespaces }));
  });
}

const ownInum = () => Number(/\d+/.exec(readlinkSync('/proc/self/ns/net'))?.[0]);
const descriptors = () => readdirSync('/proc/self/fd').length;
const threads = () => readdirSync('/proc/self/task').length;

test('the first snapshot has the namespace of this process, with its loopback device', async () => {
  const { namespaces } = await openAndWait();
  const own = namespaces.filter((namespace) => namespace.own);
  expect(own.map(({ inum }) => inum)).toEqual([ownInum()]);
  expect(own[0]?.links[0]).toMatchObject({
    ifindex: 1,
    name: 'lo',
    kind: 'loopback',
    type: 772,
    mac: '00:00:00:00:00:00',
    peerIfindex: 0,
    peerNetnsInum: 0,
  });
  expect(own[0]?.cookie).toMatch(/^\d+$/);
});

describe('misuse', () => {
  test.each([
    ['nothing', []],
    ['no callback', [{}]],
    ['a callback that is no function', [{ onSnapshot: 'call me' }]],
    ['a warning callback that is no function', [{ onSnapshot: () => {}, onWarning: 1 }]],
  ])('%s is a TypeError', (_what, args) => {
    expect(() => Reflect.apply(openInventory, null, args)).toThrow(TypeError);
  });

  test('a method of another object is a TypeError', () => {
    const inventory = open(() => {});
    expect(() => Reflect.apply(inventory.discover, {}, [])).toThrow(TypeError);
  });

  test('closing twice does nothing, and discover() on a closed one says so', () => {
    const inventory = open(() => {});
    inventory.close();
    inventory.close();
    expect(() => inventory.discover()).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
  });
});

describe('closing', () => {
  test('before the first snapshot: no callback comes', async () => {
    const late = vi.fn();
    openInventory({ onSnapshot: late, onWarning: late }).close();
    // A whole later life of another inventory is time enough.
    await openAndWait();
    expect(late).not.toHaveBeenCalled();
  });

  test('inside the callback: no other comes', async () => {
    let calls = 0;
    await new Promise<void>((resolve) => {
      const inventory = open(() => {
        calls += 1;
        inventory.discover();
        inventory.close();
        resolve();
      });
    });
    await openAndWait();
    expect(calls).toBe(1);
  });

  test('gives threads and descriptors back', async () => {
    await openAndWait();
    for (const inventory of opened.splice(0)) inventory.close();
    const before = [threads(), descriptors()];
    for (let round = 0; round < 50; round += 1) openInventory({ onSnapshot: () => {} }).close();
    for (let round = 0; round < 5; round += 1) {
      const { inventory } = await openAndWait();
      inventory.close();
    }
    expect([threads(), descriptors()]).toEqual(before);
  });
});

test('several inventories tell the same', async () => {
  const [one, other] = await Promise.all([openAndWait(), openAndWait()]);
  const own = ({ namespaces }: { namespaces: NamespaceFacts[] }) => namespaces.find((each) => each.own)?.inum;
  expect(own(one)).toBe(own(other));
});

describe('workers', () => {
  const start = (mode: string) => new Worker(pathOfProgram('inventory-worker.mjs'), { workerData: mode });

  test('have inventories of their own, beside the main thread’s', async () => {
    await openAndWait();
    const workers = ['close', 'close'].map(start);
    const first = (name: string) => Promise.all(workers.map(async (worker) => (await once(worker, name))[0]));
    const [inums, statuses] = await Promise.all([first('message'), first('exit')]);
    expect(inums).toEqual([ownInum(), ownInum()]);
    expect(statuses).toEqual([0, 0]);
  });

  test('that end with one open take it along', async () => {
    await openAndWait();
    const before = descriptors();
    const worker = start('leave open');
    expect(await once(worker, 'exit')).toEqual([0]);
    expect(descriptors()).toBe(before);
  });

  test('that are terminated with one open take it along', async () => {
    await openAndWait();
    const before = descriptors();
    const worker = start('stay');
    await once(worker, 'message');
    await worker.terminate();
    expect(descriptors()).toBe(before);
  });
});

describe('the process', () => {
  test('is not kept alive by an open inventory', async () => {
    const ended = await runProgram('inventory-life.mjs', { args: ['leave open'] });
    expect(ended).toMatchObject({ status: 0, stderr: '' });
  });

  test('hears from an inventory that nothing in it refers to', async () => {
    const ended = await run([process.execPath, '--expose-gc', pathOfProgram('inventory-life.mjs'), 'forget it']);
    expect(jsonOf(ended)).toEqual({ snapshots: 1 });
  });

  test('can exit with one open', async () => {
    const ended = await runProgram('inventory-life.mjs', { args: ['exit'] });
    expect(ended).toMatchObject({ status: 7, stderr: '' });
  });

  test('gets what a callback throws as an uncaught exception, and goes on', async () => {
    const ended = await runProgram('inventory-life.mjs', { args: ['throw'] });
    expect(jsonOf(ended)).toEqual({ caught: 'thrown by the callback', discovers: true });
  });
});

const skipped = whyNotRoot === null ? '' : ` (skipped: ${whyNotRoot})`;
describe.skipIf(whyNotRoot !== null)(`privilege${skipped}`, () => {
  interface Report {
    readonly own: number;
    readonly namespaces: NamespaceFacts[];
    readonly warnings: string[];
  }
  const report = async (...wrapper: string[]) =>
    jsonOf(await runProgram('inventory-life.mjs', { args: ['report'], wrapper })) as Report;
  /** In a namespace of its own, beside ours: what it sees of ours is of another namespace. */
  const withoutCapability = (name: string) => report('unshare', '--net', 'setpriv', `--bounding-set=-${name}`);

  test('an ordinary user sees the namespace it is in, and is told what is missing', async () => {
    const { own, namespaces, warnings } = await report(...AS_NOBODY);
    expect(namespaces.map(({ inum }) => inum)).toEqual([own]);
    expect(namespaces[0]?.links[0]).toMatchObject({ name: 'lo' });
    expect(namespaces[0]?.cookie).toMatch(/^\d+$/);
    expect(warnings).toContainEqual(expect.stringContaining('CAP_NET_ADMIN'));
  });

  test('without CAP_NET_ADMIN only the own namespace is seen', async () => {
    const { own, namespaces, warnings } = await withoutCapability('net_admin');
    expect(namespaces.map(({ inum }) => inum)).toEqual([own]);
    expect(warnings).toContainEqual(expect.stringContaining('CAP_NET_ADMIN'));
  });

  test('without CAP_SYS_ADMIN the links of others are still listed', async () => {
    const { own, namespaces, warnings } = await withoutCapability('sys_admin');
    expect(own).not.toBe(ownInum());
    expect(namespaces.find(({ inum }) => inum === own)).toMatchObject({
      own: true,
      cookie: expect.stringMatching(/^\d+$/),
    });
    expect(namespaces.find(({ inum }) => inum === ownInum())).toMatchObject({
      own: false,
      cookie: '',
      defaultRoutes: [],
      links: expect.arrayContaining([expect.objectContaining({ name: 'lo' })]),
    });
    expect(warnings).toContainEqual(expect.stringContaining('CAP_SYS_ADMIN'));
  });

  test('an unchanged machine is told once, however often it is looked at', async () => {
    // Alone in new namespaces of every kind, nobody else can change anything.
    const ended = await runProgram('inventory-life.mjs', {
      args: ['look often'],
      wrapper: ['unshare', '--net', '--mount', '--pid', '--fork', '--mount-proc'],
    });
    expect(jsonOf(ended)).toEqual({ snapshots: ['lo down', 'lo up'] });
  });
});
