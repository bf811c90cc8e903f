// What Hopscope reads about a drop from the machine's tables: real namespaces, real rules, real traffic.
//
//   client c0 ── r0 router r1 ── s0 server
import { type Lab, startLab } from '@hopscope/lab';
import type { Evidence, EvidenceFrame, Hop } from '@hopscope/protocol';
import { STAGE } from '@hopscope/protocol';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openPage, type Page, type Serving, startServe } from './support/hopscope.ts';
import { describeUnless, whyNotRoot } from './support/privilege.ts';

const CLIENT = '10.83.1.1';
const SERVER = '10.83.2.1';
const NOWHERE = '198.51.100.9';
const REFUSED = '198.51.100.10';

describeUnless(whyNotRoot())('evidence from the tables of the namespace where a packet died', () => {
  let lab: Lab;
  /** The machine may have other drops at the same time. */
  let ours: ReadonlySet<number>;
  let agent: Serving;
  let page: Page;
  const run = (namespace: string, ...argv: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = lab.run(namespace, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
      let text = '';
      child.stdout?.on('data', (chunk) => {
        text += chunk;
      });
      child.stderr?.on('data', (chunk) => {
        text += chunk;
      });
      child.on('close', (status) => (status === 0 ? resolve(text) : reject(new Error(`${argv.join(' ')}: ${text}`))));
    });

  beforeAll(async () => {
    lab = await startLab({
      namespaces: [
        { name: 'client', addresses: { c0: [`${CLIENT}/24`] }, routes: ['default via 10.83.1.254'] },
        {
          name: 'router',
          addresses: { r0: ['10.83.1.254/24'], r1: ['10.83.2.254/24'] },
          sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv4.icmp_ratelimit': 0 },
        },
        { name: 'server', addresses: { s0: [`${SERVER}/24`] }, routes: ['default via 10.83.2.254'] },
      ],
      wires: [
        { a: 'client/c0', b: 'router/r0' },
        { a: 'router/r1', b: 'server/s0' },
      ],
    });
    ours = new Set(lab.namespaces.map(({ inum }) => inum));
    agent = await startServe();
    page = await openPage(agent.port);
    await vi.waitFor(() => expect(page.frames.map(({ type }) => type)).toContain('topology'));
  });
  afterAll(async () => {
    await agent?.stop('SIGTERM');
    await lab?.stop();
  });

  const evidenceAbout = ({ packet, t }: Pick<Hop, 'packet' | 't'>): EvidenceFrame[] =>
    page.frames.filter(
      (frame) => frame.type === 'evidence' && frame.packet === packet && frame.t === t,
    ) as EvidenceFrame[];

  /** Sends one echo request that dies; what is known about its drop as soon as `key` is, which is within a second. */
  async function dropOne(
    key: keyof Evidence,
    to = SERVER,
    flags: readonly string[] = [],
    from = 'client',
  ): Promise<Evidence> {
    const before = page.hops.length;
    const isDrop = (hop: Hop) => ours.has(hop.netnsInum) && hop.stage === STAGE.kfree_skb && hop.dataref <= 1;
    const told = () =>
      page.hops
        .slice(before)
        .filter(isDrop)
        .map((drop) => Object.assign({}, ...evidenceAbout(drop).map(({ facts }) => facts)) as Evidence)
        .find((facts) => facts[key] !== undefined);
    // On a machine that is flooded by others this packet may be one of those that are not followed: then the next.
    await expect
      .poll(
        async () => {
          await run(from, 'ping', '-n', '-q', '-c', '1', '-W', '1', ...flags, to).catch(() => undefined);
          return vi.waitUntil(told, { timeout: 1000 }).catch(() => undefined);
        },
        { timeout: 20_000 },
      )
      .toBeDefined();
    const facts = told() ?? {};
    expect(Number(facts['source.read'])).toBeLessThan(1000);
    return facts;
  }

  test('of two iptables rules that drop, the one whose counter moved', async () => {
    await run('router', 'iptables', '-A', 'FORWARD', '-s', '10.83.9.0/24', '-j', 'DROP');
    await run('router', 'iptables', '-A', 'FORWARD', '-d', SERVER, '-p', 'icmp', '-j', 'DROP');
    try {
      expect(await dropOne('netfilter.rule')).toMatchObject({
        'netfilter.family': 'ip',
        'netfilter.table': 'filter',
        'netfilter.chain': 'FORWARD',
        'netfilter.hook': 'forward',
        'netfilter.rule': `-d ${SERVER}/32 -p icmp -j DROP`,
        'netfilter.tool': 'iptables',
        'netfilter.exact': false,
      });
    } finally {
      await run('router', 'iptables', '-F', 'FORWARD');
    }
  });

  test('of two nft rules with counters that both fit, the one whose counter moved; one behind a jump', async () => {
    const rules = `table inet guard {
      chain deep { ip ttl > 200 counter drop; icmp type echo-request counter drop; }
      chain forward { type filter hook forward priority 0; ip protocol icmp counter jump deep; }
    }`;
    await run('router', 'nft', rules);
    try {
      expect(await dropOne('netfilter.rule')).toMatchObject({
        'netfilter.family': 'inet',
        'netfilter.table': 'guard',
        'netfilter.chain': 'deep',
        'netfilter.hook': 'forward',
        'netfilter.rule': 'icmp type echo-request counter drop',
        'netfilter.tool': 'nft',
        'netfilter.exact': false,
      });
    } finally {
      await run('router', 'nft', 'delete table inet guard');
    }
  });

  test('of two nft rules without counters only the chain', async () => {
    const rules = `table ip guard {
      chain input { type filter hook input priority 0; icmp type echo-request drop; ip protocol icmp drop; }
    }`;
    await run('server', 'nft', rules);
    try {
      const facts = await dropOne('netfilter.chain');
      expect(facts).toMatchObject({ 'netfilter.table': 'guard', 'netfilter.chain': 'input', 'netfilter.exact': false });
      expect(facts['netfilter.rule']).toBeUndefined();
    } finally {
      await run('server', 'nft', 'delete table ip guard');
    }
  });

  test('a chain policy', async () => {
    await run('client', 'nft', 'table ip guard { chain output { type filter hook output priority 0; policy drop; }; }');
    try {
      expect(await dropOne('netfilter.rule')).toMatchObject({
        'netfilter.chain': 'output',
        'netfilter.rule': 'policy drop',
        'netfilter.exact': false,
      });
    } finally {
      await run('client', 'nft', 'delete table ip guard');
    }
  });

  test('a rule of the old xtables', async (context) => {
    const added = await run('router', 'iptables-legacy', '-A', 'FORWARD', '-d', SERVER, '-j', 'DROP').catch((error) =>
      String(error),
    );
    if (added !== '') context.skip(`no legacy iptables here: ${added}`);
    try {
      expect(await dropOne('netfilter.rule')).toMatchObject({
        'netfilter.table': 'filter',
        'netfilter.chain': 'FORWARD',
        'netfilter.rule': `-d ${SERVER}/32 -j DROP`,
        'netfilter.tool': 'iptables',
      });
    } finally {
      await run('router', 'iptables-legacy', '-F', 'FORWARD');
    }
  });

  test('no route, a route that refuses, and forwarding that is off', async () => {
    expect(await dropOne('route.found', NOWHERE)).toMatchObject({ 'route.found': false, 'route.error': 'ENETUNREACH' });
    await run('router', 'ip', 'route', 'add', 'prohibit', REFUSED);
    expect(await dropOne('route.found', REFUSED)).toMatchObject({ 'route.found': false, 'route.error': 'EACCES' });
    await run('router', 'sysctl', '-qw', 'net.ipv4.ip_forward=0');
    expect(await dropOne('sysctl.name')).toMatchObject({ 'sysctl.name': 'net.ipv4.ip_forward', 'sysctl.value': '0' });
    await run('router', 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
  });

  test('a neighbour that does not answer', async () => {
    expect(await dropOne('neighbour.state', '10.83.2.77', ['-W', '4'])).toMatchObject({
      'neighbour.address': '10.83.2.77',
      'neighbour.device': 'r1',
      'neighbour.state': 'FAILED',
      'link.peer.up': true,
    });
  });

  test('the source check', async () => {
    await run('client', 'ip', 'address', 'add', '10.83.7.7/32', 'dev', 'lo');
    await run('router', 'sysctl', '-qw', 'net.ipv4.conf.r0.rp_filter=1');
    expect(await dropOne('rp_filter', SERVER, ['-I', '10.83.7.7'])).toMatchObject({
      rp_filter: 1,
      'rp_filter.device': 'r0',
    });
    await run('router', 'sysctl', '-qw', 'net.ipv4.conf.r0.rp_filter=0');
  });

  test('a request that is not answered because a sysctl says so', async () => {
    await run('server', 'sysctl', '-qw', 'net.ipv4.icmp_echo_ignore_all=1');
    const before = page.hops.length;
    await run('client', 'ping', '-n', '-q', '-c', '1', '-W', '1', SERVER).catch(() => undefined);
    const packets = () => new Set(page.hops.slice(before).map(({ packet }) => packet));
    const about = () =>
      page.frames.find((frame) => frame.type === 'evidence' && packets().has(frame.packet as Hop['packet']));
    await expect.poll(about, { timeout: 1000 }).toMatchObject({
      facts: { 'sysctl.name': 'net.ipv4.icmp_echo_ignore_all', 'sysctl.value': '1' },
    });
    await run('server', 'sysctl', '-qw', 'net.ipv4.icmp_echo_ignore_all=0');
  });

  test('nothing on the machine is changed: the rulesets are the same, byte for byte', async () => {
    await run('router', 'iptables', '-A', 'FORWARD', '-d', SERVER, '-j', 'DROP');
    const before = await run('router', 'nft', '-s', '-a', 'list', 'ruleset');
    await dropOne('netfilter.rule');
    expect(await run('router', 'nft', '-s', '-a', 'list', 'ruleset')).toBe(before);
    await run('router', 'iptables', '-F', 'FORWARD');
  });

  test('a flood of drops costs a few reads, and none of it waits', async () => {
    await run('router', 'iptables', '-A', 'FORWARD', '-d', SERVER, '-j', 'DROP');
    const before = page.frames.length;
    const startMs = performance.now();
    await run('client', 'ping', '-n', '-q', '-c', '500', '-i', '0.001', '-W', '1', SERVER).catch(() => undefined);
    const seconds = (performance.now() - startMs) / 1000;
    const frames = page.frames.slice(before).filter((frame) => frame.type === 'evidence') as EvidenceFrame[];
    expect(frames.length).toBeGreaterThan(0);
    // Each read has a delay of its own; what is answered from memory repeats the last one's.
    const reads = new Set(frames.map(({ facts }) => `${facts['netfilter.rule']} ${facts['source.read']}`));
    expect(reads.size).toBeLessThan(4 * seconds + 2);
    await run('router', 'iptables', '-F', 'FORWARD');
  });
});
