// One packet, one id: across wires and bridges, with clones, with heads that the kernel uses again at once.
import { join } from 'node:path';
import { type Lab, startLab } from '@hopscope/lab';
import { parsePacket } from '@hopscope/model';
import { FLAG, type Hop, STAGE } from '@hopscope/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ethernet, icmp4, ipv4 } from './support/frames.ts';
import { IP, startKernelLab } from './support/kernel-lab.ts';
import { describeUnless, whyNoPrograms, whyNotRoot } from './support/privilege.ts';
import { type Recording, startRecorder } from './support/recorder.ts';
import { pingIn, runIn } from './support/run.ts';
import { startSniffer } from './support/sniff.ts';

const PORTS = ['a', 'b', 'c', 'd', 'e'];
const PINGS = 5000;
/** Holds all records of the largest test (10 for each packet), however late this process gets to read them. */
const RING_BYTES = 2 ** 26;
const ipOf = (name: string) => `10.9.9.${PORTS.indexOf(name) + 1}`;
const ip6Of = (name: string) => `fd00:9:9::${PORTS.indexOf(name) + 1}`;
const macOf = (name: string) => `02:00:00:00:09:0${PORTS.indexOf(name) + 1}`;

describeUnless(whyNotRoot(), whyNoPrograms())('the identity of packets', () => {
  let lab: Lab;
  let netns: number[];

  beforeAll(async () => {
    lab = await startLab({
      namespaces: [
        ...PORTS.map((name) => ({ name, addresses: { eth0: [`${ipOf(name)}/24`, `${ip6Of(name)}/64`] } })),
        { name: 'switch', bridges: [{ name: 'br0', ports: PORTS.map((name) => `p-${name}`) }] },
      ],
      wires: PORTS.map((name) => ({
        a: { namespace: name, name: 'eth0', mac: macOf(name) },
        b: { namespace: 'switch', name: `p-${name}` },
      })),
    });
    netns = lab.namespaces.map(({ inum }) => inum);
    for (const name of PORTS.slice(1)) {
      await pingIn(lab, 'a', '-c', '1', ipOf(name));
      await pingIn(lab, 'a', '-c', '1', ip6Of(name));
    }
  });
  afterAll(() => lab?.stop());

  const isFree = ({ stage }: Hop) => stage === STAGE.kfree_skb || stage === STAGE.consume_skb;
  const kindOf = (hop: Hop) => parsePacket(hop)?.kind;
  function byPacket(hops: readonly Hop[]): Map<number, Hop[]> {
    const packets = new Map<number, Hop[]>();
    for (const hop of hops) {
      const its = packets.get(hop.packet);
      if (its === undefined) packets.set(hop.packet, [hop]);
      else its.push(hop);
    }
    return packets;
  }

  async function record(
    send: () => Promise<unknown>,
    until: (hops: readonly Hop[]) => boolean,
    options = {},
  ): Promise<Recording> {
    const recorder = startRecorder({ netns, ringBytes: RING_BYTES, ...options });
    try {
      await send();
      await expect.poll(() => until(recorder.hops()), { timeout: 5000, interval: 10 }).toBe(true);
    } finally {
      recorder.capture.detach();
    }
    return recorder.stop();
  }
  const ended = (packets: number) => (hops: readonly Hop[]) =>
    hops.filter(({ flags }) => (flags & FLAG.LAST) !== 0).length >= packets;

  /** Every id is one packet's from its first hop to its last, and every packet has one id. */
  function expectOneIdEach(hops: readonly Hop[], packets: number): void {
    const owners = new Map<string, number>();
    let unended = 0;
    for (const [packet, its] of byPacket(hops)) {
      expect(packet).not.toBe(0);
      const facts = new Set(
        its.map((hop) => {
          const { icmp, ipId, src, dst } = parsePacket(hop) ?? {};
          return `${src} ${dst} ${icmp?.type} ${icmp?.id} ${icmp?.seq} ${ipId}`;
        }),
      );
      expect(facts.size, 'merged').toBe(1);
      for (const fact of facts) {
        expect(owners.get(fact), 'split').toBe(undefined);
        owners.set(fact, packet);
      }
      expect(its.filter(({ flags }) => (flags & FLAG.FIRST) !== 0)).toEqual([its[0]]);
      const last = its.filter(({ flags }) => (flags & FLAG.LAST) !== 0);
      if (last.length === 0) unended++;
      else expect(last).toEqual([its.at(-1)]);
    }
    expect(owners.size).toBe(packets);
    // Two CPUs that let go of a packet at the same instant both see the other one holding it.
    expect(unended).toBeLessThanOrEqual(packets / 500);
  }

  test('a ping has one for the request and one for the reply, from wire to wire', async () => {
    for (const address of [ipOf('b'), ip6Of('b')]) {
      const { hops } = await record(() => pingIn(lab, 'a', '-c', '1', address), ended(2));
      expectOneIdEach(hops, 2);
      for (const [, its] of byPacket(hops)) {
        const path = its.filter((hop) => !isFree(hop)).map(({ stage }) => stage);
        const wire = [STAGE.net_dev_queue, STAGE.net_dev_start_xmit, STAGE.netif_rx, STAGE.netif_receive_skb];
        expect(path).toEqual([...wire, ...wire]);
      }
    }
  });

  test('clones share it: for a sniffer, for a neighbour that is asked for, for the socket that reads', async () => {
    const sniffers = await Promise.all([
      startSniffer(lab, 'a', 'eth0', 'icmp'),
      startSniffer(lab, 'switch', 'p-b', 'icmp'),
      startSniffer(lab, 'b', 'eth0', 'icmp'),
    ]);
    await runIn(lab, 'a', ['ip', 'neigh', 'flush', 'dev', 'eth0']);
    const { hops } = await record(() => pingIn(lab, 'a', '-c', '3', '-i', '0.01', ipOf('b')), ended(6));
    for (const sniffer of sniffers) expect((await sniffer.stop()).length).toBe(6);
    expectOneIdEach(hops, 6);
    for (const [, its] of byPacket(hops)) {
      expect(new Set(its.map(({ skb }) => skb)).size).toBeGreaterThan(1);
      expect(its.some(({ flags, dataref }) => (flags & FLAG.CLONED) !== 0 && dataref > 1)).toBe(true);
    }
  });

  test('a frame that a bridge floods has one on every port', async () => {
    const nobody = '02:00:00:00:09:99';
    const frame = ethernet(
      { src: macOf('a'), dst: nobody },
      0x0800,
      ipv4({ src: ipOf('a'), dst: '10.9.9.99' }, icmp4({ seq: 7 })),
    );
    const inject = join(import.meta.dirname, 'support/inject.py');
    const { hops } = await record(
      () => runIn(lab, 'a', ['python3', inject, 'eth0'], `${frame.toString('hex')}\n`),
      ended(1),
    );
    expectOneIdEach(hops, 1);
    const others = PORTS.slice(1).map((name) => lab.namespaces.find((each) => each.name === name)?.inum);
    const arrived = hops.filter(({ stage }) => stage === STAGE.netif_receive_skb);
    expect(new Set(arrived.map(({ netnsInum }) => netnsInum))).toEqual(
      new Set([...others, lab.namespaces.find(({ name }) => name === 'switch')?.inum]),
    );
    const branches = arrived.filter(({ netnsInum }) => others.includes(netnsInum));
    expect(new Set(branches.map(({ skb }) => skb)).size).toBe(others.length);
  });

  test.each([
    ['IPv4', ipOf('b')],
    ['IPv6', ip6Of('b')],
  ])(`${PINGS} pings in a row, %s: 10,000 ids, none merged, none split`, async (_family, address) => {
    const { hops, counters } = await record(
      () => pingIn(lab, 'a', '-f', '-c', String(PINGS), address),
      ended(2 * PINGS - 20),
    );
    expect(counters.ringFull).toBe(0);
    expect(counters.identityFull).toBe(0);
    expectOneIdEach(hops, 2 * PINGS);
  });

  test('the same with a sniffer and from four sides at once', async () => {
    const sniffer = await startSniffer(lab, 'b', 'eth0', 'icmp');
    const { hops, counters } = await record(
      () => Promise.all(PORTS.slice(1).map((name) => pingIn(lab, name, '-f', '-c', '1000', ipOf('a')))),
      ended(8000 - 20),
    );
    await sniffer.stop();
    expect(counters.identityFull).toBe(0);
    expectOneIdEach(hops, 8000);
  });

  test('address translation, reassembly and fragmenting again keep it', async () => {
    const { lab: routed, netns: all, inumOf } = await startKernelLab();
    try {
      for (const tool of ['iptables', 'ip6tables']) {
        const masquerade = [tool, '-t', 'nat', '-A', 'POSTROUTING', '-o', 'r1', '-j', 'MASQUERADE'];
        expect(await runIn(routed, 'router', masquerade)).toEqual({ status: 0, text: '' });
      }
      for (const address of [IP.right, IP.right6]) {
        await pingIn(routed, 'left', '-c', '1', address);
        const { hops } = await record(
          async () => {
            await pingIn(routed, 'left', '-c', '1', address);
            await pingIn(routed, 'left', '-c', '1', '-s', '3000', address);
          },
          ended(4),
          { netns: all },
        );
        const echoes = hops.filter((hop) => kindOf(hop) !== 'fragment');
        expect(byPacket(echoes).size).toBe(4);
        for (const [, its] of byPacket(echoes)) {
          const places = its.filter((hop) => hop.stage === STAGE.netif_receive_skb).map(({ netnsInum }) => netnsInum);
          const way = ['router', 'right'].map(inumOf);
          expect(places).toEqual(kindOf(its[0] as Hop) === 'request' ? way : [inumOf('router'), inumOf('left')]);
          const sources = new Set(its.map((hop) => parsePacket(hop)?.[kindOf(hop) === 'request' ? 'src' : 'dst']));
          expect(sources.size, 'before and after translation').toBe(2);
        }
        // Two later fragments each way. In IPv6 they get another id when they are fragmented again: new packets, for all that the kernel tells.
        const later = byPacket(hops.filter((hop) => kindOf(hop) === 'fragment')).size;
        expect(later).toBe(address === IP.right ? 4 : 8);
      }
    } finally {
      await routed.stop();
    }
  });

  test.each([
    ['namespace', (inum: number) => ({ netns: [inum] })],
    ['device', (inum: number) => ({ netns: [inum], ifname: 'eth0' })],
  ])('ids do not repeat where a filter by %s hides the end of packets', async (_what, filter) => {
    const inum = lab.namespaces[0]?.inum ?? 0;
    const requests = 40;
    // The same ICMP id and sequence number each time, without an IP id: only the end of the one tells it from the next.
    const { hops, counters } = await record(
      async () => {
        for (let i = 0; i < requests; i++) await pingIn(lab, 'a', '-e', '77', '-c', '1', ip6Of('b'));
      },
      (each) =>
        each.filter((hop) => kindOf(hop) === 'reply' && hop.stage === STAGE.netif_receive_skb).length >= requests,
      filter(inum),
    );
    const left = hops.filter((hop) => kindOf(hop) === 'request' && hop.stage === STAGE.net_dev_queue);
    expect(left.length).toBe(requests);
    expect(new Set(left.map(({ packet }) => packet)).size).toBe(requests);
    const back = hops.filter((hop) => kindOf(hop) === 'reply' && hop.stage === STAGE.netif_receive_skb);
    expect(new Set(back.map(({ packet }) => packet)).size).toBe(requests);
    expect(counters.identityFull).toBe(0);
  });
});
