// The same headers in several places, one place used twice, and the way that a reply takes back.
import { deviceId, type Hop, netnsId, type TimeNs } from '@hopscope/protocol';
import { describe, expect, it } from 'vitest';
import type { Exchange } from './exchange.ts';
import { assemble, exchangesOf, onlyExchange } from './test-assemble.ts';
import type { FrameSpec } from './test-headers.ts';
import { readTrace } from './test-trace.ts';

const request: FrameSpec = { src: '10.0.0.1', dst: '10.0.0.2', type: 8, id: 7, seq: 1, ipId: 0x1234 };
const reply: FrameSpec = { src: '10.0.0.2', dst: '10.0.0.1', type: 0, id: 7, seq: 1, ipId: 0x77 };
const frames = { p1: request, p2: reply };

const summary = (exchanges: readonly Exchange[]): unknown[] =>
  exchanges.map(({ request: there, reply: back, verdict }) => [
    there?.packets.join(' ') ?? null,
    back?.packets.join(' ') ?? null,
    verdict,
  ]);

describe('two namespaces with the same addresses, ids and sequence numbers at once', () => {
  const ping = (n: number, at: number): string => `
    ${at}      s${n}1  p${n}1  c${n}/eth0  net_dev_queue
    ${at + 2}  s${n}1  p${n}1  d${n}/eth0  netif_rx
    ${at + 4}  s${n}2  p${n}2  d${n}/eth0  net_dev_queue
    ${at + 5}  s${n}1  p${n}1  d${n}/eth0  consume_skb
    ${at + 6}  s${n}2  p${n}2  c${n}/eth0  netif_rx
    ${at + 8}  s${n}2  p${n}2  c${n}/eth0  kfree_skb  NO_SOCKET dref=2`;
  const both = { p11: request, p12: reply, p21: request, p22: reply };
  const expected = [
    ['11', '12', 'replied'],
    ['21', '22', 'replied'],
  ];

  it('are never mixed up, however their hops interleave', () => {
    for (const shift of [0, 1, 3, 5, 7]) {
      const hops = readTrace(both, ping(1, 0) + ping(2, shift + 0.5)).sort((a, b) => a.t - b.t);
      expect(summary(exchangesOf(assemble(hops)))).toEqual(expected);
    }
  });

  it('nor when all of them come through one namespace', () => {
    const routed = (n: number, at: number): string => `
      ${at}      s${n}1  p${n}1  c${n}/eth0  net_dev_queue
      ${at + 1}  s${n}1  p${n}1  host/v${n}  netif_rx
      ${at + 2}  s${n}1  p${n}1  host/w${n}  net_dev_queue
      ${at + 3}  s${n}1  p${n}1  d${n}/eth0  netif_rx
      ${at + 4}  s${n}2  p${n}2  d${n}/eth0  net_dev_queue
      ${at + 5}  s${n}2  p${n}2  host/w${n}  netif_rx
      ${at + 6}  s${n}2  p${n}2  host/v${n}  net_dev_queue
      ${at + 7}  s${n}2  p${n}2  c${n}/eth0  netif_rx
      ${at + 8}  s${n}2  p${n}2  c${n}/eth0  kfree_skb  NO_SOCKET dref=2`;
    const hops = readTrace(both, routed(1, 0) + routed(2, 0.5)).sort((a, b) => a.t - b.t);
    expect(summary(exchangesOf(assemble(hops)))).toEqual(expected);
  });
});

describe('a namespace whose inode number is used again', () => {
  const INUM = 4026539999;
  const inNamespace = (cookie: string, hops: readonly Hop[]): Hop[] =>
    hops.map((hop) => {
      const netns = netnsId(cookie, INUM);
      return { ...hop, netns, netnsInum: INUM, device: deviceId(netns, hop.ifindex) };
    });
  // The first one's request came in, and the namespace was deleted before it answered.
  const before = '1 s1 p1 x/eth0 netif_rx';
  const answer = '20 s2 p2 x/eth0 net_dev_queue\n 21 s2 p2 x/eth0 net_dev_start_xmit';

  it('is another one where the kernel has cookies: its reply answers nothing of the old one', () => {
    const hops = [...inNamespace('11', readTrace(frames, before)), ...inNamespace('12', readTrace(frames, answer))];
    expect(summary(exchangesOf(assemble(hops)))).toEqual([
      ['1', null, 'in-flight'],
      [null, '2', 'in-flight'],
    ]);
  });

  it('cannot be told without cookies: with a request of its own there, nothing is guessed', () => {
    const own = '10 s3 p3 x/eth0 netif_rx';
    const hops = inNamespace('0', readTrace({ ...frames, p3: request }, `${before}\n${own}\n${answer}`));
    expect(summary(exchangesOf(assemble(hops)))).toEqual([
      ['1', null, 'ambiguous'],
      ['3', null, 'ambiguous'],
      [null, '2', 'ambiguous'],
    ]);
  });

  it('is told without cookies by the end of what was in the old one', () => {
    const own = '5 s1 p1 x/eth0 kfree_skb NETFILTER_DROP\n 10 s3 p3 x/eth0 netif_rx';
    const hops = inNamespace('0', readTrace({ ...frames, p3: request }, `${before}\n${own}\n${answer}`));
    expect(summary(exchangesOf(assemble(hops)))).toEqual([
      ['1', null, 'dropped'],
      ['3', '2', 'replied'],
    ]);
  });
});

describe('a kernel id that covers two packets, because the end of the first fired no tracepoint', () => {
  const first = '0 s1 p1 c1/eth0 net_dev_queue\n 1 s1 p1 host/v1 netif_rx\n 2 s1 p1 host/up net_dev_queue';
  const other: FrameSpec = { ...request, src: '10.9.9.9', id: 900 };

  it('is two where no NAT can have made the one of the other', () => {
    const second = '500000 s2 p1.x c7/eth0 net_dev_queue\n 500001 s2 p1.x host/v7 netif_rx';
    const exchanges = exchangesOf(assemble(readTrace({ ...frames, 'p1.x': other }, `${first}\n${second}`)));
    expect(exchanges.map(({ src, verdict, request: journey }) => [src, verdict, journey?.crossings.length])).toEqual([
      [request.src, 'in-flight', 3],
      [other.src, 'in-flight', 2],
    ]);
    expect(exchanges.map(({ join }) => join)).toEqual(['same-skb', 'same-skb']);
  });

  it('is two where the second one was made here, with the very same headers', () => {
    const [again] = readTrace(frames, '500000 s2 p1 c1/eth0 net_dev_queue');
    const hops = [...readTrace(frames, first), { ...(again as Hop), flags: 0x20 }];
    expect(exchangesOf(assemble(hops)).map(({ request: journey }) => journey?.crossings.length)).toEqual([3, 1]);
  });

  it('is one where it is NAT, however long the packet was held back', () => {
    const held = `0 s1 p1 c1/eth0 net_dev_queue\n 1 s1 p1 host/v1 netif_rx\n 2900000 s1 p1.x host/up net_dev_queue`;
    expect(onlyExchange(assemble(readTrace({ ...frames, 'p1.x': other }, held)))).toMatchObject({ join: 'nat' });
  });
});

describe('a packet whose neighbour never answers', () => {
  const routed = `
        1  s1  p1  c1/eth0   net_dev_queue
        2  s1  p1  host/v1   netif_rx
        3  s9  p1  host/up   consume_skb  dref=2
  3000000  s1  p1  host/up   kfree_skb    NEIGH_FAILED`;
  const unreachable: FrameSpec = { src: '10.0.0.254', dst: request.src, type: 3, code: 1, quoted: request };

  it('is dropped after three seconds, not lost sight of for ever', () => {
    const assembler = assemble([]);
    const verdicts = new Set<string>();
    for (const hop of readTrace(frames, routed)) {
      assembler.advance(hop.t);
      for (const one of exchangesOf(assembler)) verdicts.add(one.verdict);
      assembler.add(hop);
    }
    assembler.advance(9e9 as TimeNs);
    expect(onlyExchange(assembler)).toMatchObject({
      verdict: 'dropped',
      drop: { reason: 'NEIGH_FAILED', ifname: 'up' },
    });
    expect(verdicts).toEqual(new Set(['in-flight', 'lost-sight']));
  });

  it('is told by the error that the kernel sends then', () => {
    const error =
      '2999999 s2 p2 host/v1 net_dev_queue\n 3000001 s2 p2 c1/eth0 netif_rx\n 3000002 s2 p2 c1/eth0 consume_skb';
    const hops = readTrace({ p1: request, p2: unreachable }, `${routed}\n${error}`).sort((a, b) => a.t - b.t);
    expect(onlyExchange(assemble(hops))).toMatchObject({ verdict: 'error', drop: { reason: 'NEIGH_FAILED' } });
  });
});

describe('a macvlan, to which packets are handed up without a tracepoint', () => {
  const trace = `
    0  s1  p1  c1/eth0    net_dev_queue
    2  s1  p1  host/up    netif_rx
    3  s1  p1  host/up    netif_receive_skb
    5  s2  p2  above/mv0  net_dev_queue
    6  s2  p2  host/up    net_dev_queue
    7  s2  p2  c1/eth0    netif_rx
    8  s1  p1  above/mv0  consume_skb
    9  s2  p2  c1/eth0    kfree_skb  NO_SOCKET dref=2
   10  s1  p2  -          consume_skb`;
  const hops = readTrace(frames, trace);

  it('pairs the reply with the request that ended behind it, in whatever order the hops come', () => {
    const orders = [
      hops,
      [...hops].reverse(),
      [...hops.slice(6), ...hops.slice(0, 6)],
      [...hops.slice(3), ...hops.slice(0, 3)],
    ];
    for (const order of orders) expect(summary(exchangesOf(assemble(order)))).toEqual([['1', '2', 'replied']]);
  });

  it('pairs none with a request that ended elsewhere', () => {
    const elsewhere = readTrace(frames, trace.replace('8  s1  p1  above/mv0', '8  s1  p1  other/mv0'));
    expect(summary(exchangesOf(assemble(elsewhere)))).toEqual([
      ['1', null, expect.any(String)],
      [null, '2', expect.any(String)],
    ]);
  });
});

describe('whether the reply took another way', () => {
  const wayBack = (trace: string, more: Record<string, FrameSpec> = {}): boolean | null =>
    onlyExchange(assemble(readTrace({ ...frames, ...more }, trace))).isOtherWayBack;
  const end = (t: number): string => `${t} s2 p2 c1/eth0 kfree_skb NO_SOCKET dref=2`;

  it('is no over one bridge, and yes by another one', () => {
    const there =
      '1 s1 p1 c1/eth0 net_dev_queue\n 2 s1 p1 host/v1 netif_rx\n 3 s1 p1 host/v2 net_dev_queue\n 4 s1 p1 c2/eth0 netif_rx';
    const back =
      '5 s2 p2 c2/eth0 net_dev_queue\n 6 s2 p2 host/v2 netif_rx\n 7 s2 p2 host/v1 net_dev_queue\n 8 s2 p2 c1/eth0 netif_rx';
    expect(wayBack(`${there}\n${back}\n${end(9)}`)).toBe(false);
    expect(wayBack(`${there}\n${back.replace('host/v2', 'host/w2')}\n${end(9)}`)).toBe(true);
    expect(wayBack(`${there}\n${back.replaceAll('c2/eth0', 'c2/eth1')}\n${end(9)}`)).toBe(true);
  });

  it('is no where the request was flooded, and the reply comes from one of the branches', () => {
    const flood = `
      1  s1  p1  c1/eth0  net_dev_queue
      2  s1  p1  host/v1  netif_rx
      3  s3  p1  host/v2  net_dev_queue
      4  s4  p1  host/v3  net_dev_queue
      5  s3  p1  c2/eth0  netif_rx
      6  s4  p1  c3/eth0  netif_rx
      7  s4  p1  c3/eth0  kfree_skb  OTHERHOST dref=2
      8  s2  p2  c2/eth0  net_dev_queue
      9  s2  p2  host/v2  netif_rx
     10  s2  p2  host/v1  net_dev_queue
     11  s2  p2  c1/eth0  netif_rx`;
    expect(wayBack(`${flood}\n${end(12)}`)).toBe(false);
  });

  it('is no on a loopback', () => {
    const trace = `
      1  s1  p1  h/lo  net_dev_queue
      2  s1  p1  h/lo  netif_rx
      3  s2  p2  h/lo  net_dev_queue
      4  s2  p2  h/lo  netif_rx
      5  s2  p2  h/lo  kfree_skb  NO_SOCKET dref=2`;
    expect(wayBack(trace)).toBe(false);
  });

  it('is no through NAT, a bridge with an address, and devices that packets come in by without a trace', () => {
    const nat = {
      'p1.n': { ...request, src: '198.51.100.1', id: 4000, ttl: 63 },
      'p2.n': { ...reply, dst: '198.51.100.1', id: 4000 },
    };
    const trace = `
      1  s1  p1    c1/vlan7      net_dev_queue
      2  s1  p1    c1/eth0       net_dev_queue
      3  s1  p1    host/v1       netif_rx
      4  s1  p1    host/docker0  netif_receive_skb_entry
      5  s1  p1.n  host/up       net_dev_queue
      6  s1  p1.n  o/eth0        netif_rx
      7  s2  p2.n  o/eth0        net_dev_queue
      8  s2  p2.n  host/up       netif_rx
      9  s2  p2    host/docker0  net_dev_queue
     10  s2  p2    host/v1       net_dev_queue
     11  s2  p2    c1/eth0       netif_rx`;
    expect(wayBack(`${trace}\n${end(12)}`, nat)).toBe(false);
    const other = trace.replace('p2.n  host/up', 'p2.n  host/up2');
    expect(wayBack(`${other}\n${end(12)}`, nat)).toBe(true);
  });

  it('is not known without a reply, with hops missed, or when the request was not seen where the reply began', () => {
    const there = '1 s1 p1 c1/eth0 net_dev_queue\n 2 s1 p1 host/v1 netif_rx';
    expect(wayBack(there)).toBeNull();
    const back = '7 s2 p2 host/v1 net_dev_queue\n 8 s2 p2 c1/eth0 netif_rx';
    expect(wayBack(`${there}\n${back}\n${end(9)}`)).toBe(false);
    const assembler = assemble(readTrace(frames, `${there}\n${back}\n${end(9)}`));
    assembler.noteMissed(1);
    expect(onlyExchange(assembler)).toMatchObject({ verdict: 'replied', isOtherWayBack: null });
  });

  it('is yes where the request left by one uplink and the reply came in by another', () => {
    const trace = `
      1  s1  p1  h/up1  net_dev_queue
      2  s1  p1  h/up1  consume_skb
      8  s2  p2  h/up2  netif_rx
      9  s2  p2  h/up2  kfree_skb  NO_SOCKET dref=2`;
    expect(wayBack(trace)).toBe(true);
    expect(wayBack(trace.replaceAll('up2', 'up1'))).toBe(false);
  });
});
