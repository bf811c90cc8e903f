// --allow-system-changes: nft itself names the rule that drops, and what was added for it goes away with Hopscope, however it ends.
import { existsSync } from 'node:fs';
import { type Lab, startLab } from '@hopscope/lab';
import type { Evidence, EvidenceFrame } from '@hopscope/protocol';
import { STAGE } from '@hopscope/protocol';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Companion } from './support/child.ts';
import { openPage, type Page, startServe } from './support/hopscope.ts';
import { describeUnless, whyNotRoot } from './support/privilege.ts';

const CLIENT = '10.84.1.1';
const SERVER = '10.84.1.2';
const TABLE = 'hopscope_trace';

describeUnless(whyNotRoot())('the rule that drops, as nft traces it', () => {
  let lab: Lab;
  let ours: ReadonlySet<number>;
  const agents: Companion[] = [];

  const run = (namespace: string, ...argv: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = lab.run(namespace, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
      const parts: Buffer[] = [];
      for (const output of [child.stdout, child.stderr]) output?.on('data', (chunk: Buffer) => parts.push(chunk));
      child.on('close', (status) => {
        const text = Buffer.concat(parts).toString();
        if (status === 0) resolve(text);
        else reject(new Error(`${argv.join(' ')}: ${text}`));
      });
    });
  const ruleset = (namespace: string) => run(namespace, 'nft', '-s', '-a', 'list', 'ruleset');
  const ping = (to = SERVER) => run('client', 'ping', '-n', '-q', '-c', '1', '-W', '1', to).catch(() => undefined);

  beforeAll(async () => {
    lab = await startLab({
      namespaces: [
        { name: 'client', addresses: { c0: [`${CLIENT}/24`, 'fd00:84::1/64'] } },
        { name: 'server', addresses: { s0: [`${SERVER}/24`, 'fd00:84::2/64'] } },
      ],
      wires: [{ a: 'client/c0', b: 'server/s0' }],
    });
    ours = new Set(lab.namespaces.map(({ inum }) => inum));
  });
  afterEach(async () => {
    await Promise.all(agents.splice(0).map((agent) => agent.stop('SIGTERM')));
    await run('server', 'nft', 'flush', 'ruleset');
  });
  afterAll(() => lab?.stop());

  async function start(...flags: string[]): Promise<{ page: Page; agent: Companion }> {
    const agent = await startServe(flags);
    agents.push(agent);
    const page = await openPage(agent.port);
    await vi.waitFor(() => expect(page.frames.map(({ type }) => type)).toContain('topology'));
    return { page, agent };
  }

  /** Facts about the last drop of a packet of ours. */
  function factsOfLast(page: Page, to = SERVER): Evidence {
    const protocol = to.includes(':') ? 0x86dd : 0x0800;
    const drop = page.hops.findLast(
      (hop) =>
        ours.has(hop.netnsInum) && hop.protocol === protocol && hop.stage === STAGE.kfree_skb && hop.dataref <= 1,
    );
    const about = page.frames.filter(
      (frame): frame is EvidenceFrame =>
        frame.type === 'evidence' && frame.packet === drop?.packet && frame.t === drop.t,
    );
    return Object.assign({}, ...about.map(({ facts }) => facts)) as Evidence;
  }

  /** Pings until the kernel's own trace names the rule: the first drop is what starts it. */
  async function dropExactly(page: Page, to = SERVER): Promise<Evidence> {
    await expect
      .poll(
        async () => {
          await ping(to);
          return factsOfLast(page, to)['netfilter.exact'];
        },
        { timeout: 15_000 },
      )
      .toBe(true);
    // The words follow a moment later.
    await expect.poll(() => factsOfLast(page, to)['netfilter.rule']).toBeDefined();
    return factsOfLast(page, to);
  }

  test('of two rules without counters, the one that drops', async () => {
    const { page } = await start('--allow-system-changes');
    await run(
      'server',
      'nft',
      'table inet guard { chain input { type filter hook input priority 0; ip ttl > 200 drop; icmp type echo-request drop; }; }',
    );
    const facts = await dropExactly(page);
    expect(facts).toMatchObject({
      'netfilter.family': 'inet',
      'netfilter.table': 'guard',
      'netfilter.chain': 'input',
      'netfilter.rule': 'icmp type echo-request drop',
      'netfilter.tool': 'nft',
      'netfilter.exact': true,
    });
    const listing = await run('server', 'nft', '-a', 'list', 'chain', 'inet', 'guard', 'input');
    expect(listing).toContain(`icmp type echo-request drop # handle ${facts['netfilter.handle']}`);
  });

  test('a rule of iptables, in its words, and one for IPv6', async () => {
    const { page } = await start('--allow-system-changes');
    await run('server', 'iptables', '-A', 'INPUT', '-s', '10.0.0.0/9', '-j', 'DROP');
    await run(
      'server',
      'iptables',
      '-A',
      'INPUT',
      '-s',
      '10.0.0.0/8',
      '-m',
      'comment',
      '--comment',
      'no -j ACCEPT',
      '-j',
      'DROP',
    );
    await run('server', 'iptables', '-D', 'INPUT', '1');
    await run('server', 'ip6tables', '-A', 'INPUT', '-p', 'icmpv6', '--icmpv6-type', 'echo-request', '-j', 'DROP');
    const expected = { 'netfilter.chain': 'INPUT', 'netfilter.table': 'filter', 'netfilter.exact': true };
    await expect
      .poll(async () => {
        await dropExactly(page);
        return factsOfLast(page)['netfilter.tool'];
      })
      .toBe('iptables');
    expect(factsOfLast(page)).toMatchObject({
      ...expected,
      'netfilter.family': 'ip',
      'netfilter.rule': '-s 10.0.0.0/8 -m comment --comment "no -j ACCEPT" -j DROP',
    });
    expect(await dropExactly(page, 'fd00:84::2')).toMatchObject({ ...expected, 'netfilter.family': 'ip6' });
  });

  test('a chain policy, and a rule at the device', async () => {
    const { page } = await start('--allow-system-changes');
    await run('server', 'nft', 'table ip guard { chain input { type filter hook input priority 0; policy drop; }; }');
    expect(await dropExactly(page)).toMatchObject({ 'netfilter.chain': 'input', 'netfilter.rule': 'policy drop' });
    await run('server', 'nft', 'delete table ip guard');
    const atDevice =
      'chain early { type filter hook ingress device s0 priority 0; ip protocol icmp drop; ip ttl 64 drop; }';
    await run('server', 'nft', `table netdev guard { ${atDevice}; }`);
    await expect
      .poll(
        async () => {
          await dropExactly(page);
          return factsOfLast(page);
        },
        { timeout: 10_000 },
      )
      .toMatchObject({
        'netfilter.family': 'netdev',
        'netfilter.chain': 'early',
        'netfilter.rule': 'ip protocol icmp drop',
        'netfilter.exact': true,
      });
  });

  test('traces what is followed and nothing else', async () => {
    const { page } = await start('--allow-system-changes');
    await run(
      'server',
      'nft',
      'table ip guard { chain input { type filter hook input priority 0; icmp type echo-request drop; }; }',
    );
    await dropExactly(page);
    const table = await run('server', 'nft', 'list', 'table', 'inet', TABLE);
    const matches = table.split('\n').filter((line) => line.includes('nftrace set 1'));
    expect(matches).toHaveLength(4);
    for (const match of matches)
      expect(match).toMatch(
        /icmp(v6)? type \{ echo-reply, echo-request \} meta nftrace set 1|icmpv6 type \{ echo-request, echo-reply \} meta nftrace set 1/,
      );
    expect(await ruleset('client')).not.toContain(TABLE);
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)('after %s the ruleset is what it was, byte for byte', async (signal) => {
    await run(
      'server',
      'nft',
      'table ip guard { chain input { type filter hook input priority 0; icmp type echo-request drop; }; }',
    );
    const before = await ruleset('server');
    const { page, agent } = await start('--allow-system-changes');
    await dropExactly(page);
    expect(await ruleset('server')).toContain(TABLE);
    if (signal === 'SIGKILL') process.kill(agent.pid, signal);
    else await agent.stop(signal);
    await expect.poll(() => ruleset('server'), { timeout: 5000 }).toBe(before);
    await expect.poll(() => existsSync(`/proc/${agent.pid}`), { timeout: 5000 }).toBe(false);
  });

  test('without the option nothing is added, whatever drops', async () => {
    await run(
      'server',
      'nft',
      'table ip guard { chain input { type filter hook input priority 0; icmp type echo-request drop; }; }',
    );
    const before = await ruleset('server');
    const { page } = await start();
    await expect
      .poll(
        async () => {
          await ping();
          return factsOfLast(page)['netfilter.chain'];
        },
        { timeout: 10_000 },
      )
      .toBe('input');
    expect(factsOfLast(page)['netfilter.exact']).toBe(false);
    expect(await ruleset('server')).toBe(before);
  });
});
