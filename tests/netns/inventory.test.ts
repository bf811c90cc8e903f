// The inventory against `ip`, in real namespaces: the same facts, and each change in time.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import type { LinkFacts, NamespaceFacts } from '@hopscope/native';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { inumOfName, ip, readWithIp } from './support/ip-oracle.ts';
import { testNamespaces } from './support/namespaces.ts';
import { describeUnless, whyNotRoot } from './support/privilege.ts';
import { namespaceOf } from './support/processes.ts';
import { type WatchedInventory, watchInventory } from './support/watched-inventory.ts';

/** Issue: "Names, renames, moves and deletions are seen within 200 ms". */
const SEEN_WITHIN_MS = 200;

type Namespaces = readonly NamespaceFacts[];
const factsOf = (namespaces: Namespaces, inum: number) => namespaces.find((each) => each.inum === inum);
const linkOf = (namespaces: Namespaces, inum: number, name: string) =>
  factsOf(namespaces, inum)?.links.find((link) => link.name === name);

describeUnless(whyNotRoot())('the inventory', () => {
  const made = testNamespaces('inv');
  let watched: WatchedInventory;
  beforeAll(async () => {
    watched = await watchInventory();
  });
  afterAll(() => {
    watched?.close();
    made.removeAll();
  });

  /** Polls both until they agree: `ip` asks four times, and the machine may change in between. */
  async function expectSameAsIp(namespaces: readonly string[]): Promise<void> {
    for (const name of namespaces) {
      await vi.waitFor(
        async () => {
          const oracle = await readWithIp(name);
          expect(factsOf(watched.namespaces, inumOfName(name))).toMatchObject(oracle);
        },
        { timeout: 5000, interval: 20 },
      );
    }
  }

  test('tells the same as ip of every namespace', async () => {
    const host = await made.nameOwn('host');
    const [a, b, c] = [await made.add('a'), await made.add('b'), await made.add('c')];
    const steps: readonly (readonly [string, string])[] = [
      // A bridge with three ports: one to each side, one without a link partner.
      [a, 'link add br0 type bridge forward_delay 0'],
      [a, 'link add p1 type veth peer name eth0'],
      [a, `link set eth0 netns ${b}`],
      [a, 'link add p2 type veth peer name eth0'],
      [a, `link set eth0 netns ${c}`],
      [a, 'link add p3 type veth peer name loose'],
      [a, 'link set p1 master br0'],
      [a, 'link set p2 master br0'],
      [a, 'link set p3 master br0'],
      [a, 'link set br0 up'],
      [a, 'link set p1 up'],
      [a, 'link set p2 up'],
      [a, 'addr add 10.201.0.1/24 dev br0'],
      [a, 'addr add fd01::1/64 dev br0 nodad'],
      // Between two namespaces that are not the first, and to the host.
      [b, `link add x0 type veth peer name x1 netns ${c}`],
      [b, `link add to-host type veth peer name hop${process.pid} netns ${host}`],
      [b, 'link set eth0 up'],
      [b, 'link set lo up'],
      [b, 'addr add 10.201.0.2/24 dev eth0'],
      [b, 'addr add 10.201.0.3 peer 10.201.9.9/32 dev eth0 scope link'],
      [b, 'addr add fd01::2/64 dev eth0 nodad'],
      [b, 'route add default via 10.201.0.1 metric 7'],
      [b, '-4 route add default via inet6 fd01::1 dev eth0 metric 9'],
      [b, '-6 route add default via fd01::1 metric 3'],
      [b, 'route add 10.99.0.0/16 via 10.201.0.1'],
      [b, 'route add default via 10.201.0.1 table 77'],
      [b, 'route add unreachable default metric 4000'],
      // Devices above devices.
      [c, 'link set eth0 up'],
      [c, 'link set x1 up mtu 1400 address 02:00:00:00:00:99'],
      [c, 'link add mac0 link eth0 type macvlan mode bridge'],
      [c, `link add mac1 link eth0 netns ${a} type macvlan mode bridge`],
      [c, 'addr add 10.201.0.4/24 dev eth0'],
      [c, 'link add vx4 type vxlan id 42 remote 10.201.0.2 dstport 4789 dev eth0'],
      [c, 'link add vx6 type vxlan id 43 group ff05::100 dstport 4790 dev eth0'],
      [c, 'link add vx7 type vxlan dstport 4791 external'],
      [c, 'route add default nexthop via 10.201.0.1 weight 1 nexthop via 10.201.0.2 weight 2'],
      [c, 'tuntap add name tun0 mode tun'],
    ];
    for (const [namespace, step] of steps) await ip('-n', namespace, ...step.split(' '));

    await expectSameAsIp([a, b, c, host]);
    expect(factsOf(watched.namespaces, inumOfName(a))?.paths).toEqual([`/run/netns/${a}`]);
    expect(factsOf(watched.namespaces, inumOfName(host))).toMatchObject({ own: true, paths: [`/run/netns/${host}`] });
    // So that the comparison above is known to have had something to compare.
    const linksOfA = factsOf(watched.namespaces, inumOfName(a))?.links ?? [];
    expect(linksOfA.find(({ name }) => name === 'p1')).toMatchObject({
      kind: 'veth',
      portState: 'forwarding',
      peerNetnsInum: inumOfName(b),
    });
    expect(factsOf(watched.namespaces, inumOfName(b))?.defaultRoutes).toEqual([
      expect.objectContaining({ family: 4, gateway: '10.201.0.1', metric: 7 }),
      expect.objectContaining({ family: 4, gateway: 'fd01::1', metric: 9 }),
      expect.objectContaining({ family: 6, gateway: 'fd01::1', metric: 3 }),
    ]);
    expect(linkOf(watched.namespaces, inumOfName(c), 'vx4')).toMatchObject({ vxlanId: 42, vxlanRemote: '10.201.0.2' });
  });

  test('takes any interface name, markup and bytes that are no text included', async () => {
    const odd = await made.add('odd');
    await ip('-n', odd, 'link', 'add', '<b>&"\'\\', 'type', 'bridge');
    await ip('-n', odd, 'link', 'add', '日本', 'type', 'bridge');
    await promisify(execFile)('sh', ['-c', `ip -n ${odd} link add "$(printf '\\377\\200x')" type bridge`]);
    await expectSameAsIp([odd]);
    const names = factsOf(watched.namespaces, inumOfName(odd))?.links.map(({ name }) => name);
    expect(names).toEqual(['lo', '<b>&"\'\\', '日本', '\ufffd\ufffdx']);
  });

  test('sees each kind of change within 200 ms', async () => {
    const [here, there] = [await made.add('here'), await made.add('there')];
    const [hereInum, thereInum] = [inumOfName(here), inumOfName(there)];
    await ip('-n', here, 'link', 'add', 'still', 'type', 'veth', 'peer', 'name', 'far', 'netns', there);
    await watched.until('the pair', (all) => linkOf(all, thereInum, 'far') !== undefined);
    const has = (name: string, facts: Partial<LinkFacts>) => (all: Namespaces) => {
      const link = linkOf(all, hereInum, name);
      return link !== undefined && Object.entries(facts).every(([key, value]) => Reflect.get(link, key) === value);
    };
    const lacks = (name: string) => (all: Namespaces) => linkOf(all, hereInum, name) === undefined;
    let sleeper: ChildProcess | undefined;
    const fresh = made.nameOf('fresh');

    const changes: readonly (readonly [string, string | (() => Promise<unknown>), (all: Namespaces) => boolean])[] = [
      ['a link made', 'link add new type bridge', has('new', { kind: 'bridge', up: false })],
      ['a link renamed', 'link set new name renamed', (all) => has('renamed', {})(all) && lacks('new')(all)],
      ['a link set up', 'link set renamed up', has('renamed', { up: true })],
      ['a link’s MTU', 'link set renamed mtu 1300', has('renamed', { mtu: 1300 })],
      ['a port plugged in', 'link set still master renamed', has('still', { portState: 'disabled' })],
      ['a port forwarding', 'link set still up', has('still', { up: true })],
      ['a far end set up', () => ip('-n', there, 'link', 'set', 'far', 'up'), has('still', { operstate: 'up' })],
      [
        'an address added',
        'addr add 10.202.0.1/24 dev renamed',
        (all) => linkOf(all, hereInum, 'renamed')?.addresses.some(({ family }) => family === 4) === true,
      ],
      [
        'a default route added',
        'route add default via 10.202.0.9',
        (all) => factsOf(all, hereInum)?.defaultRoutes[0]?.gateway === '10.202.0.9',
      ],
      [
        'a default route lost with its link',
        'link set renamed down',
        (all) => factsOf(all, hereInum)?.defaultRoutes.length === 0,
      ],
      [
        'an address removed',
        'addr del 10.202.0.1/24 dev renamed',
        (all) => linkOf(all, hereInum, 'renamed')?.addresses.length === 0,
      ],
      ['a port pulled out', 'link set still nomaster', has('still', { master: 0, portState: '' })],
      // The event is about the far end only.
      [
        'a far end moved to another namespace',
        () => ip('-n', there, 'link', 'set', 'far', 'netns', String(process.pid)),
        (all) => linkOf(all, hereInum, 'still')?.peerNetnsInum === all.find(({ own }) => own)?.inum,
      ],
      ['a link moved away', `link set still netns ${there}`, lacks('still')],
      ['a link deleted', 'link del renamed', lacks('renamed')],
      [
        'a namespace made',
        () => made.add('fresh'),
        (all) => all.some(({ paths }) => paths.includes(`/run/netns/${fresh}`)),
      ],
      [
        'a namespace deleted',
        () => made.remove('fresh'),
        (all) => !all.some(({ paths }) => paths.includes(`/run/netns/${fresh}`)),
      ],
      [
        'a namespace that only a process holds',
        async () => {
          sleeper = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', '--net', 'sleep', '60'], { stdio: 'ignore' });
        },
        (all) => all.some(({ pids }) => sleeper?.pid !== undefined && pids.includes(sleeper.pid)),
      ],
      [
        'its process ended',
        async () => sleeper?.kill('SIGKILL'),
        (all) => !all.some(({ pids }) => pids.includes(sleeper?.pid ?? 0)),
      ],
    ];

    const took: [string, number][] = [];
    for (const [what, change, satisfies] of changes) {
      expect([what, satisfies(watched.namespaces)]).toEqual([what, false]);
      const changed = typeof change === 'string' ? ip('-n', here, ...change.split(' ')) : change();
      const changedAt = changed.then(() => performance.now());
      const [seenAt, doneAt] = await Promise.all([watched.until(what, satisfies), changedAt]);
      // The kernel tells of a change before it lets `ip` go on, so it may be seen first.
      took.push([what, Math.round(Math.max(0, seenAt - doneAt))]);
    }
    console.info(took.map(([what, ms]) => `${what}: ${ms} ms`).join('\n'));
    expect(took.filter(([, ms]) => ms > SEEN_WITHIN_MS)).toEqual([]);
    await expectSameAsIp([here, there]);
  });

  test('keeps no namespace alive, and gives none a number on the host', async () => {
    const own = await made.nameOwn('self');
    const mortal = await made.add('mortal');
    const inum = inumOfName(mortal);
    await watched.until('the namespace', (all) => factsOf(all, inum) !== undefined);
    const numbered = JSON.parse(await ip('-n', own, '-j', 'netns', 'list-id')) as { name?: string }[];
    expect(numbered.map(({ name }) => name)).not.toContain(mortal);

    const name = `hopm${process.pid}`;
    await ip('-n', mortal, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', name, 'netns', own);
    await watched.until('its link', (all) => linkOf(all, inum, 'eth0') !== undefined);
    await made.remove('mortal');
    // The kernel takes the link on the host down with the namespace, once nobody holds it.
    const onHost = (all: Namespaces) => all.find((each) => each.own)?.links.some((link) => link.name === name);
    await watched.until('the end of its link on the host', (all) => onHost(all) === false);
    await expect(ip('link', 'show', name)).rejects.toThrow('does not exist');
  });

  test('equals ip after 500 random changes', async () => {
    const names = ['r0', 'r1', 'r2', 'r3', 'r4'];
    for (const name of names) await made.add(name);
    await changeAtRandom(500, names.map(made.nameOf));
    await expectSameAsIp(names.map(made.nameOf));
  });

  test('lives through namespaces that vanish while they are listed', async () => {
    const rounds = Array.from({ length: 40 }, (_, round) => `churn${round}`);
    await Promise.all(
      rounds.map(async (name) => {
        const namespace = await made.add(name);
        await ip('-n', namespace, 'link', 'add', 'e0', 'type', 'veth', 'peer', 'name', 'e1');
        watched.discover();
        await made.remove(name);
        watched.discover();
      }),
    );
    await watched.until('the end of all of them', (all) =>
      all.every(({ paths }) => !paths.some((path) => path.includes(made.nameOf('churn')))),
    );
    const last = await made.add('last');
    await expectSameAsIp([last]);
    expect(namespaceOf(process.pid, 'net')).toBe(`net:[${watched.namespaces.find(({ own }) => own)?.inum}]`);
  });
});

/** Makes changes drawn from a fixed seed in these namespaces, until `ip` has done `count` of them. */
async function changeAtRandom(count: number, namespaces: readonly string[]): Promise<void> {
  let state = 20_251_122;
  // A linear congruential generator (Numerical Recipes): the same draws in every run.
  const below = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const pick = (from: readonly string[]) => from[below(from.length)] ?? '';
  const device = () => `d${below(12)}`;
  const draw: readonly (() => string)[] = [
    () => `link add ${device()} type veth peer name ${device()} netns ${pick(namespaces)}`,
    () => `link add ${device()} type veth peer name ${device()} netns ${pick(namespaces)}`,
    () => `link add ${device()} type bridge`,
    () => `link add ${device()} link ${device()} type macvlan`,
    () => `link set ${device()} netns ${pick(namespaces)}`,
    () => `link set ${device()} name ${device()}`,
    () => `link set ${device()} up`,
    () => `link set ${device()} up`,
    () => `link set ${device()} down`,
    () => `link set ${device()} mtu ${1280 + below(200)}`,
    () => `link set ${device()} master ${device()}`,
    () => `link set ${device()} nomaster`,
    () => `addr add 10.${below(200)}.0.1/24 dev ${device()}`,
    () => `addr flush dev ${device()}`,
    () => `route replace default dev ${device()} metric ${below(3)}`,
    () => `link del ${device()}`,
  ];
  for (let done = 0; done < count; ) {
    const step = draw[below(draw.length)]?.() ?? '';
    // Many draws are impossible: a device that is not there, a bridge in a bridge.
    done += await ip('-n', pick(namespaces), ...step.split(' ')).then(
      () => 1,
      () => 0,
    );
  }
}
