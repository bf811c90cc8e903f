// The practice host for real: it works inside, changes nothing outside, and dies with its starter.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Lab, type LabNamespaceHandle, PRACTICE_FAULTS, startLab } from '@hopscope/lab';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { bundleForNode } from './support/bundle.ts';
import { describeUnless, whyNotRoot } from './support/privilege.ts';
import { namespaceOf, ownChildren, processesIn } from './support/processes.ts';

const labs: Lab[] = [];
afterEach(async () => {
  for (const lab of labs.splice(0)) await lab.stop();
});

async function start(...args: Parameters<typeof startLab>): Promise<Lab> {
  const lab = await startLab(...args);
  labs.push(lab);
  return lab;
}

async function output(child: ChildProcess): Promise<{ status: number | null; text: string }> {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  }
  const [status] = await once(child, 'close');
  return { status, text };
}

/** Every namespace, of any kind, that belongs to a lab. */
function namespacesOf(namespaces: readonly LabNamespaceHandle[]): Set<string> {
  return new Set(
    namespaces.flatMap(({ pid }) => (['mnt', 'net', 'pid'] as const).map((kind) => namespaceOf(pid, kind))),
  );
}

describeUnless(whyNotRoot())('a lab', () => {
  test('has the practice host’s namespaces, each with a process to find it by', async () => {
    const lab = await start();
    expect(lab.notes).toEqual([]);
    expect(lab.namespaces.map(({ name, host }) => [name, host])).toEqual([
      ['host', true],
      ['web', false],
      ['db', false],
      ['outside', false],
    ]);
    for (const { pid, inum } of lab.namespaces) expect(namespaceOf(pid, 'net')).toBe(`net:[${inum}]`);
    expect(new Set(lab.namespaces.map(({ inum }) => inum)).size).toBe(4);
  });

  test.each([
    ['host', '172.17.0.2'],
    ['web', '172.17.0.3'],
    ['web', '198.51.100.9'],
    ['db', 'fd00:172:17::2'],
    ['web', '2001:db8::9'],
  ])('a ping from %s to %s is answered', async (from, to) => {
    const lab = await start();
    const { status, text } = await output(lab.run(from, ['ping', '-n', '-c', '1', '-W', '2', to]));
    expect(text).toContain('1 packets transmitted, 1 received');
    expect(status).toBe(0);
  });

  test('pings inside, masquerades, and drops the practice address, all by itself', async () => {
    const lab = await start();
    const read = async (namespace: string, argv: string[]) => (await output(lab.run(namespace, argv))).text;
    const counted = async () => {
      const rules: { nftables: { rule?: { expr: { counter?: { packets: number } }[] } }[] } = JSON.parse(
        await read('host', ['nft', '-j', 'list', 'ruleset']),
      );
      return rules.nftables.flatMap((entry) => entry.rule?.expr ?? []).find((part) => part.counter)?.counter?.packets;
    };
    // Echo requests that came in and echo replies that came back, as the namespace's own stack counts them.
    const icmp = async (namespace: string, column: string) => {
      const lines = (await read(namespace, ['cat', '/proc/thread-self/net/snmp'])).match(/^Icmp: .*$/gm) ?? [];
      const [names = [], values = []] = lines.map((line) => line.split(' '));
      return Number(values[names.indexOf(column)]);
    };
    await expect.poll(() => icmp('host', 'InEchoReps'), { timeout: 10_000 }).toBeGreaterThan(0);
    await expect.poll(() => icmp('db', 'InEchos'), { timeout: 10_000 }).toBeGreaterThan(0);
    await expect.poll(() => icmp('outside', 'InEchos'), { timeout: 10_000 }).toBeGreaterThan(0);
    await expect.poll(() => icmp('web', 'InEchoReps'), { timeout: 10_000 }).toBeGreaterThan(1);
    await expect.poll(counted, { timeout: 10_000 }).toBeGreaterThan(0);
    // Without masquerading the router would know the containers' network by its neighbours.
    expect(await read('outside', ['ip', 'neigh'])).toContain('192.0.2.2');
  }, 30_000);

  test('builds what a test declares', async () => {
    const lab = await start({
      namespaces: [
        { name: 'a', addresses: { east: ['10.1.0.1/24'] } },
        {
          name: 'b',
          bridges: [{ name: 'br0', mac: '02:00:00:00:00:0b', ports: ['west'] }],
          addresses: { br0: ['10.1.0.2/24'] },
          sysctls: { 'net.ipv4.icmp_echo_ignore_all': 1 },
          firewall: { iptables: ['iptables -A INPUT -p udp -j DROP'] },
        },
      ],
      wires: [{ a: { namespace: 'a', name: 'east' }, b: { namespace: 'b', name: 'west' } }],
    });
    const links = JSON.parse((await output(lab.run('b', ['ip', '-j', 'link']))).text) as { ifname: string }[];
    expect(links).toContainEqual(expect.objectContaining({ ifname: 'west', master: 'br0' }));
    expect(links).toContainEqual(expect.objectContaining({ ifname: 'br0', address: '02:00:00:00:00:0b' }));
    expect((await output(lab.run('b', ['iptables', '-S', 'INPUT']))).text).toContain('-A INPUT -p udp -j DROP');
    const ignored = await output(lab.run('a', ['ping', '-n', '-c', '1', '-W', '0.2', '10.1.0.2']));
    expect(ignored.text).toContain('1 packets transmitted, 0 received');
  });

  test('builds tunnels and other devices, in whichever namespace they belong', async () => {
    const lab = await start({
      namespaces: [
        {
          name: 'a',
          addresses: { east: ['10.1.0.1/24'], vx: ['10.2.0.1/24'] },
          links: {
            vx: 'type vxlan id 7 local 10.1.0.1 remote 10.1.0.2 dstport 4789',
            mv: 'link east netns c type macvlan mode bridge',
          },
          mtu: { east: 1600 },
          rules: ['from 10.2.0.1 lookup 100 priority 77'],
          neighbours: ['10.1.0.9 lladdr 02:00:00:00:00:09 dev east'],
        },
        {
          name: 'b',
          addresses: { west: ['10.1.0.2/24'], vx: ['10.2.0.2/24'] },
          links: {
            vx: 'type vxlan id 7 local 10.1.0.2 remote 10.1.0.1 dstport 4789',
            spare: 'type veth peer name peer',
          },
          mtu: { west: 1600 },
          down: ['spare'],
          tc: ['qdisc add dev west clsact'],
          xdp: { west: { program: 'pass' } },
        },
        { name: 'c', addresses: { mv: ['10.1.0.3/24'] } },
      ],
      wires: [{ a: 'a/east', b: 'b/west' }],
    });
    for (const [from, to] of [
      ['a', '10.2.0.2'],
      ['c', '10.1.0.2'],
    ] as const) {
      const { text } = await output(lab.run(from, ['ping', '-n', '-c', '1', '-W', '2', to]));
      expect(text).toContain('1 packets transmitted, 1 received');
    }
    const read = async (namespace: string, ...argv: string[]) => (await output(lab.run(namespace, argv))).text;
    expect(await read('a', 'ip', 'rule')).toContain('77:\tfrom 10.2.0.1 lookup 100');
    expect(await read('a', 'ip', 'neigh')).toContain('10.1.0.9 dev east lladdr 02:00:00:00:00:09 PERMANENT');
    expect(await read('a', 'ip', 'link')).toMatch(/east@.* mtu 1600 /);
    expect(await read('b', 'ip', 'link')).toMatch(/west@.* mtu 1600 xdp /);
    expect(await read('b', 'ip', 'link', 'show', 'spare')).toContain('state DOWN');
    expect(await read('b', 'tc', 'qdisc')).toContain('clsact');
  });

  test('what a kernel does not have is told by a code of its own, so that a test can skip', async () => {
    await expect(start({ namespaces: [{ name: 'a', links: { x: 'type no-such-kind' } }] })).rejects.toMatchObject({
      code: 'ERR_MISSING_KERNEL',
      message: expect.stringContaining('Unknown device type'),
    });
  });

  test('every fault can be applied to the practice host, and undone', async () => {
    const lab = await start();
    const look = [
      'ip -o link; bridge link; ip route; ip -6 route | sort',
      "ip -o addr | sed 's/ *valid_lft.*//'",
      "nft list ruleset | grep -E 'drop|masq|checksum' | sed 's/packets.*bytes [0-9]*//'",
      'tc filter show dev eth0 ingress; tc filter show dev eth0 egress',
      "sysctl -a 2>/dev/null | grep -E 'rp_filter|ignore_all|forward'",
      'ss -Huln; true',
    ].join(';');
    const state = async () =>
      (
        await Promise.all(
          lab.namespaces.map(async ({ name }) => (await output(lab.run(name, ['sh', '-c', look]))).text),
        )
      ).join('\n');
    const before = await state();
    for (const fault of PRACTICE_FAULTS) {
      await lab.apply(fault);
      if (fault.changes.length > 0) expect(await state(), fault.name).not.toBe(before);
      await lab.undo(fault);
      await expect.poll(state, { message: fault.name, timeout: 5000 }).toBe(before);
    }
  });

  test('a fault that cannot be applied is taken back', async () => {
    const lab = await start({ namespaces: [{ name: 'a' }] });
    const change = (apply: string) => ({ namespace: 'a', apply, undo: 'ip addr del 10.0.0.1/32 dev lo', tools: [] });
    const fault = {
      name: 'half',
      summary: '',
      changes: [change('ip addr add 10.0.0.1/32 dev lo'), change('ip link set nothing up')],
      probe: { namespace: 'a', kind: 'ping', to: '127.0.0.1' },
    } as const;
    await expect(lab.apply(fault)).rejects.toThrow('fault "half": Cannot find device "nothing"');
    expect((await output(lab.run('a', ['ip', '-br', 'addr']))).text).not.toContain('10.0.0.1');
  });

  test('says in one line which step failed and what the tool answered', async () => {
    const before = ownChildren();
    await expect(start({ namespaces: [{ name: 'a', addresses: { eth7: ['10.0.0.1/24'] } }] })).rejects.toThrow(
      /^the lab cannot be built: namespace "a": Cannot find device "eth7"; Command failed -:1$/,
    );
    await expect(start({ namespaces: [{ name: 'a', firewall: { nft: 'nonsense' } }] })).rejects.toThrow(
      /^the lab cannot be built: firewall rules of "a": .*syntax error/,
    );
    await expect(start({ namespaces: [], traffic: [{ namespace: 'x', argv: ['true'] }] })).rejects.toMatchObject({
      code: 'ERR_TOPOLOGY',
    });
    expect(ownChildren()).toEqual(before);
  });

  test('goes on without optional rules that no tool can set, and says so', async () => {
    const lab = await start({
      namespaces: [{ name: 'a', firewall: { nft: 'nonsense', iptables: ['iptables --nonsense'], optional: true } }],
    });
    expect(lab.notes).toEqual([expect.stringContaining('"a" has no firewall rules')]);
  });

  test('a program run inside gets the signals sent to it', async () => {
    const lab = await start();
    const ping = lab.run('web', ['ping', '-n', '-i', '0.2', '172.17.0.3']);
    const said = output(ping);
    await once(ping.stdout as NodeJS.ReadableStream, 'data');
    expect(ping.kill('SIGINT')).toBe(true);
    // Only a ping that was interrupted, not killed, sums up.
    expect(await said).toMatchObject({ status: 0, text: expect.stringContaining('0% packet loss') });
    expect(ping.kill()).toBe(false);
  });

  test('a program run inside ends with the lab, its children too', async () => {
    const lab = await start({ namespaces: [{ name: 'web' }] });
    const inWeb = new Set([`net:[${lab.namespaces[0]?.inum}]`]);
    const shell = lab.run('web', ['sh', '-c', 'sleep infinity & echo started; wait']);
    await once(shell.stdout as NodeJS.ReadableStream, 'data');
    // The lab's own holder, nsenter, the shell, the sleep.
    expect(processesIn(inWeb).length).toBe(4);
    const [[status, signal]] = await Promise.all([once(shell, 'exit'), lab.stop()]);
    expect([status, signal]).toEqual([null, 'SIGKILL']);
    expect(processesIn(inWeb)).toEqual([]);
    expect(() => lab.run('web', ['true'])).toThrow('the lab has ended');
  });

  test('stop leaves nothing, twice', async () => {
    const lab = await start();
    const mine = namespacesOf(lab.namespaces);
    mine.delete(namespaceOf(process.pid, 'mnt'));
    expect(mine.size).toBe(6);
    const first = lab.stop();
    expect(lab.stop()).toBe(first);
    await first;
    expect(processesIn(mine)).toEqual([]);
    await lab.stop();
  });
});

describeUnless(whyNotRoot())('a lab whose starter is a process of its own', () => {
  let folder = '';
  let program = '';
  let starter: ChildProcess | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hopscope-lab-'));
    program = await bundleForNode(join(import.meta.dirname, 'support/lab-starter.ts'), folder);
  });
  afterEach(() => starter?.kill('SIGKILL'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function startApart(command: string, ...args: string[]) {
    starter = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface({ input: starter.stdout as NodeJS.ReadableStream }), 'line');
    const { namespaces, inside }: { namespaces: LabNamespaceHandle[]; inside: number } = JSON.parse(line);
    return { starter, namespaces, inside };
  }

  test('is gone after SIGKILL of the starter: no namespace, no process, no mount', async () => {
    const { starter, namespaces, inside } = await startApart(process.execPath, program);
    const mine = namespacesOf(namespaces);
    expect(mine.size).toBe(6);
    // 4 holders, the shell, 4 pings, what was run inside, and nsenter in front of it, which has joined the mounts.
    expect(processesIn(mine).length).toBeGreaterThanOrEqual(10);
    starter.kill('SIGKILL');
    await expect.poll(() => processesIn(mine), { timeout: 5000 }).toEqual([]);
    await expect.poll(() => namespaceOf(inside, 'net'), { timeout: 5000 }).toBe('');
  });

  test('changes nothing where the starter is: links, addresses, routes, rules, mounts, /run', async () => {
    // Namespaces made for this test, so that what else runs on the machine does not disturb the comparison.
    const arena = `${process.execPath} ${program}`;
    const look =
      'ip link; ip addr; ip route; ip -6 route; nft list ruleset; cat /proc/self/mountinfo; ls -A /run /run/netns 2>&1; true';
    const state = (pid: number) =>
      execFileSync('nsenter', [`--target=${pid}`, '--net', '--mount', '--', 'sh', '-c', look], { encoding: 'utf8' });
    // Also a /run of its own, with something in it.
    const own = 'mount -t tmpfs run /run && mkdir /run/netns';
    const shell = spawn('unshare', ['--net', '--mount', '--', 'sh', '-c', `${own} && echo; read go; exec ${arena}`]);
    starter = shell;
    const lines = createInterface({ input: shell.stdout });
    await once(lines, 'line');
    const before = state(shell.pid as number);
    shell.stdin.write('go\n');
    await once(lines, 'line');
    expect(state(shell.pid as number)).toBe(before);
  });
});
