// What stands beside a drop: the route lookups made for the packet, and the ICMP error that the kernel answers it with.
import { readFibLookup } from '@hopscope/model';
import { dropReasons } from '@hopscope/native';
import { FLAG, type Hop, STAGE } from '@hopscope/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { IP, type KernelLab, startKernelLab } from './support/kernel-lab.ts';
import { at, isEvidence, record } from './support/kernel-tools.ts';
import { describeUnless, whyNoPrograms, whyNotRoot } from './support/privilege.ts';
import { pingIn, runIn } from './support/run.ts';

const NOWHERE6 = '2001:db8::7';

describeUnless(whyNotRoot(), whyNoPrograms())('evidence', () => {
  let kernel: KernelLab;

  beforeAll(async () => {
    kernel = await startKernelLab();
    await pingIn(kernel.lab, 'left', '-c', '1', IP.right);
    await pingIn(kernel.lab, 'left', '-c', '1', IP.right6);
  });
  afterAll(() => kernel?.lab.stop());

  const oneTry = (...argv: string[]) =>
    runIn(kernel.lab, 'left', ['ping', '-n', '-q', '-c', '1', '-W', '0.2', ...argv]);
  const reasonOf = (hop: Hop | undefined) => dropReasons()[hop?.dropReason ?? 0];
  /** The one drop in a namespace, and the records about its packet in front of it. */
  function dropIn(hops: readonly Hop[], namespace: string) {
    const here = hops.filter((hop) => hop.netnsInum === kernel.inumOf(namespace));
    const drops = here.filter(({ stage, flags }) => stage === STAGE.kfree_skb && (flags & FLAG.LAST) !== 0);
    expect(drops.length).toBe(1);
    const [drop] = drops;
    const about = here.filter((hop) => isEvidence(hop) && hop.packet === drop?.packet);
    // Lookups come right before the drop, at its time and place.
    const lookups = about.filter(({ stage }) => stage === STAGE.fib_table_lookup);
    const end = here.indexOf(drop as Hop);
    expect(here.slice(end - lookups.length, end)).toEqual(lookups);
    for (const lookup of lookups) {
      expect(lookup).toMatchObject({ t: drop?.t, ifname: drop?.ifname, skb: drop?.skb, l4Offset: null });
      expect(lookup.flags & FLAG.LAST).toBe(0);
    }
    return {
      drop,
      lookups: lookups.map(readFibLookup),
      errors: about.filter(({ stage }) => stage === STAGE.icmp_send),
    };
  }

  test.each(['tp_btf', 'raw_tp'] as const)(
    'no route: the lookup that found none, and the error sent (%s)',
    async (attach) => {
      const { hops } = await record(kernel, () => oneTry('-I', IP.leftToo, IP.nowhere), { attach });
      const { drop, lookups, errors } = dropIn(hops, 'router');
      expect(reasonOf(drop)).toBe('IP_INNOROUTES');
      expect(lookups).toContainEqual({
        ...{ table: 254, error: 101, oif: 0, family: 4, gateway: null },
        src: IP.leftToo,
        dst: IP.nowhere,
      });
      expect(errors.map(({ dropReason }) => dropReason)).toEqual([3 << 8]);
    },
  );

  test.each(['tp_btf', 'raw_tp'] as const)('no route in IPv6 (%s)', async (attach) => {
    const { hops } = await record(kernel, () => oneTry(NOWHERE6), { attach });
    const { lookups } = dropIn(hops, 'router');
    expect(lookups).toContainEqual(
      expect.objectContaining({
        error: 101,
        oif: expect.any(Number),
        family: 6,
        src: IP.left6,
        dst: NOWHERE6,
        gateway: null,
      }),
    );
  });

  test('a firewall’s drop: the route that was found', async () => {
    const rule = ['FORWARD', '-d', IP.right, '-j', 'DROP'];
    expect((await runIn(kernel.lab, 'router', ['iptables', '-A', ...rule])).status).toBe(0);
    try {
      const { hops } = await record(kernel, () => oneTry(IP.right));
      const { drop, lookups, errors } = dropIn(hops, 'router');
      expect(reasonOf(drop)).toBe('NETFILTER_DROP');
      const [wire] = at(kernel, hops, 'router', 'r0');
      expect(wire).toBeDefined();
      const found = lookups.find((lookup) => lookup?.dst === IP.right);
      expect(found).toMatchObject({ error: 0, src: IP.left, gateway: null });
      expect(found?.oif).toBeGreaterThan(0);
      expect(found?.oif).not.toBe(wire?.ifindex);
      expect(errors).toEqual([]);
    } finally {
      await runIn(kernel.lab, 'router', ['iptables', '-D', ...rule]);
    }
  });

  test('rp_filter: the way back', async () => {
    const set = (value: number) =>
      runIn(kernel.lab, 'router', [
        'sysctl',
        '-w',
        `net.ipv4.conf.all.rp_filter=${value}`,
        `net.ipv4.conf.r0.rp_filter=${value}`,
      ]);
    await runIn(kernel.lab, 'left', ['ip', 'address', 'add', '10.9.2.77/32', 'dev', 'l0']);
    expect((await set(1)).status).toBe(0);
    try {
      const { hops } = await record(kernel, () => oneTry('-I', '10.9.2.77', IP.right));
      const { drop, lookups } = dropIn(hops, 'router');
      expect(reasonOf(drop)).toBe('IP_RPFILTER');
      expect(lookups).toContainEqual(expect.objectContaining({ error: 0, src: IP.right, dst: '10.9.2.77' }));
    } finally {
      await set(0);
      await runIn(kernel.lab, 'left', ['ip', 'address', 'del', '10.9.2.77/32', 'dev', 'l0']);
    }
  });

  test('nothing beside a ping that arrives', async () => {
    const { hops, counters } = await record(kernel, async () => {
      await pingIn(kernel.lab, 'left', '-c', '20', '-i', '0.002', IP.right);
      await pingIn(kernel.lab, 'left', '-c', '20', '-i', '0.002', IP.right6);
    });
    expect(hops.filter(isEvidence)).toEqual([]);
    expect(counters.seen).toBe(hops.length);
  });
});
