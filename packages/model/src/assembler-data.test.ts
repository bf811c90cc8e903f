// UDP and TCP: one packet is one exchange, and the errors about it belong to it.
import { FLAG, type Hop, type NetnsId, STAGE, type TimeNs } from '@hopscope/protocol';
import { describe, expect, it } from 'vitest';
import { createAssembler } from './assembler.ts';
import type { AssemblerOptions } from './exchange.ts';
import { assemble, exchangesOf, onlyExchange, pathOf } from './test-assemble.ts';
import type { FrameSpec } from './test-headers.ts';
import { dropReasons, readTrace } from './test-trace.ts';

const udp: FrameSpec = { src: '172.17.0.2', dst: '172.17.0.3', ports: [40000, 53], ipId: 0x1234 };
const tcp: FrameSpec = { ...udp, ports: [40000, 80], tcp: { seq: 1000, flags: 0x18 } };

const sent = `
   1  s1  p1  c1/eth0      net_dev_queue
   2  s1  p1  host/vethx1  netif_rx
   3  s1  p1  host/vethx2  net_dev_queue
   4  s1  p1  c2/eth0      netif_rx
   5  s1  p1  c2/eth0      netif_receive_skb`;

const final = 9_000_000_000 as TimeNs;

describe('a UDP packet', () => {
  it('is an exchange by itself, delivered when a program has read it', () => {
    const hops = readTrace({ p1: udp }, `${sent}\n 900 s1 p1 - consume_skb`);
    expect(onlyExchange(assemble(hops.slice(0, -1)))).toMatchObject({ verdict: 'in-flight' });
    const exchange = onlyExchange(assemble(hops));
    expect(exchange).toMatchObject({
      ...{ kind: 'udp', protocol: 'udp', family: 4, src: udp.src, dst: udp.dst, ports: { src: 40000, dst: 53 } },
      ...{ icmpId: 0, icmpSeq: 0, verdict: 'delivered', rttNs: null, isOtherWayBack: null, reply: null, drop: null },
      request: { direction: 'request', verdict: 'delivered', join: 'same-skb' },
      tuples: [{ direction: 'request', src: udp.src, dst: udp.dst, icmpId: null, ports: { src: 40000, dst: 53 } }],
    });
    expect(pathOf(exchange.request)).toEqual(['eth0 out 1', 'vethx1 in 3', 'vethx2 out 1', 'eth0 in 36']);
  });

  it('and the one that answers it are two, with nothing guessed between them', () => {
    const answer: FrameSpec = { src: udp.dst, dst: udp.src, ports: [53, 40000], ipId: 0x77 };
    const back = '6 s2 p2 c2/eth0 net_dev_queue\n 7 s2 p2 c1/eth0 netif_rx\n 8 s2 p2 - consume_skb';
    const exchanges = exchangesOf(assemble(readTrace({ p1: udp, p2: answer }, `${sent}\n${back}`)));
    expect(exchanges.map(({ src, reply }) => [src, reply])).toEqual([
      [udp.src, null],
      [udp.dst, null],
    ]);
  });

  it('that was received and is heard of no more was delivered: the kernel may free it without a trace', () => {
    const assembler = assemble(readTrace({ p1: udp }, sent));
    expect(onlyExchange(assembler).verdict).toBe('in-flight');
    assembler.advance(final);
    expect(onlyExchange(assembler)).toMatchObject({ verdict: 'delivered', request: { verdict: 'delivered' } });
  });

  it('was for a socket there when the namespace has its address, which takes a moment to be sure', () => {
    const { netns } = readTrace({ p1: udp }, sent).at(-1) as Hop;
    const verdictAfter = (ms: number, ownsAddress: AssemblerOptions['ownsAddress']): string => {
      const assembler = assemble(readTrace({ p1: udp }, sent), { ownsAddress });
      assembler.advance((ms * 1e6) as TimeNs);
      return onlyExchange(assembler).verdict;
    };
    const owns = (at: NetnsId, address: string): boolean => at === netns && address === udp.dst;
    expect([50, 150].map((ms) => verdictAfter(ms, owns))).toEqual(['in-flight', 'delivered']);
    // A packet to another address goes on, or waits for its neighbour.
    expect([150, 2100].map((ms) => verdictAfter(ms, () => false))).toEqual(['in-flight', 'lost-sight']);
    expect([2100, 3600].map((ms) => verdictAfter(ms, () => null))).toEqual(['in-flight', 'delivered']);
    expect([2100, 3600].map((ms) => verdictAfter(ms, undefined))).toEqual(['in-flight', 'delivered']);
  });

  it('is no longer held for delivered when it is dropped after all', () => {
    const hops = readTrace({ p1: udp }, `${sent}\n 300000 s1 p1 - kfree_skb SOCKET_RCVBUFF`);
    const assembler = assemble(hops.slice(0, -1), { ownsAddress: () => true });
    assembler.advance(200_000_000 as TimeNs);
    expect(onlyExchange(assembler).verdict).toBe('delivered');
    assembler.add(hops.at(-1) as Hop);
    expect(onlyExchange(assembler)).toMatchObject({ verdict: 'dropped', drop: { reason: 'SOCKET_RCVBUFF' } });
  });

  it('was delivered when its socket was closed before anybody read it', () => {
    for (const reason of ['NOT_SPECIFIED', 'QUEUE_PURGE']) {
      const hops = readTrace({ p1: udp }, `${sent}\n 900 s1 p1 - kfree_skb ${reason}`);
      expect(onlyExchange(assemble(hops))).toMatchObject({ verdict: 'delivered', drop: null });
    }
  });

  it.each([
    ['it left by a wire', { p1: udp }, sent.split('\n').slice(0, 4).join('\n')],
    ['a copy asks for its neighbour', { p1: udp }, `${sent}\n 6 s9 p1 c2/eth1 consume_skb dref=2`],
    ['the other fragments are missing', { p1: { ...udp, fragment: { offsetBytes: 0, more: true } } }, sent],
  ])('is lost sight of when nothing more is heard and %s', (_, frames, trace) => {
    const assembler = assemble(readTrace(frames, trace));
    assembler.advance(final);
    expect(onlyExchange(assembler)).toMatchObject({ verdict: 'lost-sight', request: { verdict: 'lost-sight' } });
  });

  it('is dropped where nobody listens, also when a sniffer reads a copy', () => {
    const sniffed = '5.5 s9 p1 - consume_skb dref=2';
    const trace = `${sent}\n${sniffed}\n 6 s1 p1 c2/eth0 kfree_skb NO_SOCKET`;
    expect(onlyExchange(assemble(readTrace({ p1: udp }, trace)))).toMatchObject({
      verdict: 'dropped',
      drop: { reason: 'NO_SOCKET', ifname: 'eth0' },
    });
  });

  it('is dropped when reassembly gave it another skb, and that was dropped', () => {
    const first = { ...udp, fragment: { offsetBytes: 0, more: true } };
    const later = { ...udp, fragment: { offsetBytes: 1480, more: false } };
    const trace = `
      1  s1  p1  c1/eth0  net_dev_queue
      2  s2  p2  c1/eth0  net_dev_queue
      3  s1  p1  c2/eth0  netif_rx
      4  s2  p2  c2/eth0  netif_rx
      5  s1  p1  c2/eth0  consume_skb  dref=2
      6  s2  p1  c2/eth0  kfree_skb    NO_SOCKET
      7  s3  p2  -        kfree_skb    NOT_SPECIFIED`;
    const hops = readTrace({ p1: first, p2: later }, trace);
    expect(onlyExchange(assemble(hops))).toMatchObject({
      verdict: 'dropped',
      request: { packets: [1, 2], join: 'protocol' },
      drop: { reason: 'NO_SOCKET' },
    });
    const read = readTrace(
      { p1: first, p2: later },
      trace.replace('c2/eth0  kfree_skb    NO_SOCKET', '- consume_skb').replace(/.*NOT_SPECIFIED/, ''),
    );
    expect(onlyExchange(assemble(read)).verdict).toBe('delivered');
  });

  it('wears each address pair of a NAT once', () => {
    const translated = { ...udp, dst: '10.0.0.9', ports: [40000, 5353] as const, ttl: 63 };
    const both = { ...translated, src: '10.0.0.1' };
    const trace = `
      1  s1  p1    c1/eth0      net_dev_queue
      2  s1  p1    host/vethx1  netif_rx
      3  s1  p1.d  host/up      net_dev_queue
      4  s2  p1.d  host/up      consume_skb  dref=2
      5  s1  p1.s  o/up         netif_rx
      6  s1  p1.s  o/up         consume_skb`;
    const exchange = onlyExchange(assemble(readTrace({ p1: udp, 'p1.d': translated, 'p1.s': both }, trace)));
    expect(exchange.tuples.map(({ src, dst, ports, device }) => [src, dst, ports?.dst, device !== null])).toEqual([
      [udp.src, udp.dst, 53, true],
      [udp.src, '10.0.0.9', 5353, true],
      ['10.0.0.1', '10.0.0.9', 5353, true],
    ]);
    expect(exchange).toMatchObject({ src: udp.src, dst: udp.dst, join: 'nat', verdict: 'delivered' });
  });

  it('of a flow whose packets have no id of their own is never taken for another one', () => {
    const same: FrameSpec = { ...udp, ipId: 0 };
    const frames = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`p${i + 1}`, same]));
    const lines = Object.keys(frames).flatMap((packet, i) => [
      `${i * 10}      s${i + 1}  ${packet}  c1/eth0      net_dev_queue`,
      `${i * 10 + 1}  s${i + 1}  ${packet}  host/vethx1  netif_rx`,
      `${i * 10 + 2}  s${i + 1}  ${packet}  host/up      net_dev_queue`,
      `${i * 10 + 3}  s${i + 1}  ${packet}  host/up      consume_skb`,
    ]);
    const exchanges = exchangesOf(assemble(readTrace(frames, lines.join('\n'))));
    expect(exchanges.map(({ request, join, verdict }) => [request?.packets, join, verdict])).toEqual(
      Array.from({ length: 40 }, (_, i) => [[i + 1], 'same-skb', 'in-flight']),
    );
  });

  it('of a flow that the kernel side took for one, because nothing tells its packets apart and their ends left no trace', () => {
    const same: FrameSpec = { src: 'fd00::1', dst: 'fd00::2', ports: [1, 2] };
    const lines = [0, 10, 20, 30].flatMap((t, i) => [
      `${t}      s${i % 2}  p1  c1/eth0      net_dev_queue`,
      `${t + 1}  s${i % 2}  p1  host/vethx1  netif_rx`,
      `${t + 2}  s${i % 2}  p1  host/vethx2  net_dev_queue`,
      `${t + 3}  s${i % 2}  p1  c2/eth0      netif_receive_skb`,
    ]);
    const hops = readTrace({ p1: same }, lines.join('\n')).map((hop) =>
      hop.ifname === 'eth0' && hop.stage === STAGE.net_dev_queue ? { ...hop, flags: FLAG.FROM_HERE } : hop,
    );
    const path = ['eth0 out 1', 'vethx1 in 3', 'vethx2 out 1', 'eth0 in 6'];
    const paths = (given: readonly Hop[]): string[][] =>
      exchangesOf(assemble(given)).map(({ request }) => pathOf(request));
    expect(paths(hops)).toEqual([path, path, path, path]);
    // The second packet's first hop overtakes the first packet's last ones.
    const [a, b, c, d, e, ...rest] = hops as [Hop, Hop, Hop, Hop, Hop, ...Hop[]];
    expect(paths([a, b, e, c, d, ...rest])).toEqual([path, path, path, path]);
  });

  it('is rebuilt where an XDP program replaced it, each of a flow by itself', () => {
    const same: FrameSpec = { ...udp, ipId: 0 };
    const frames = Object.fromEntries([1, 2, 3, 11, 12, 13].map((i) => [`p${i}`, same]));
    const lines = [1, 2, 3].flatMap((i) => [
      `${i * 100}       s${i}   p${i}   c1/eth0      net_dev_queue`,
      `${i * 100 + 30}  s${i}   p${i}   host/vethx1  consume_skb`,
      `${i * 100 + 40}  s1${i}  p1${i}  host/vethx1  napi_gro_receive_entry`,
      `${i * 100 + 50}  s1${i}  p1${i}  host/vethx1  netif_receive_skb`,
      `${i * 100 + 60}  s1${i}  p1${i}  -            consume_skb`,
    ]);
    const exchanges = exchangesOf(assemble(readTrace(frames, lines.join('\n'))));
    expect(exchanges.map(({ request, join, verdict }) => [request?.packets, join, verdict])).toEqual([
      [[1, 11], 'rebuilt', 'delivered'],
      [[2, 12], 'rebuilt', 'delivered'],
      [[3, 13], 'rebuilt', 'delivered'],
    ]);
  });
});

describe('a TCP segment', () => {
  it('that was received and is heard of no more was delivered: TCP frees it without a trace', () => {
    const assembler = assemble(readTrace({ p1: tcp }, sent));
    expect(onlyExchange(assembler)).toMatchObject({ kind: 'tcp', verdict: 'in-flight' });
    assembler.advance(final);
    expect(onlyExchange(assembler)).toMatchObject({ verdict: 'delivered', request: { verdict: 'delivered' } });
  });

  it('is lost sight of when it was not received, or when hops were missed', () => {
    const notReceived = assemble(readTrace({ p1: tcp }, sent).slice(0, -1));
    notReceived.advance(final);
    expect(onlyExchange(notReceived).verdict).toBe('lost-sight');
    const lossy = assemble(readTrace({ p1: tcp }, sent));
    lossy.noteMissed(1);
    lossy.advance(final);
    expect(onlyExchange(lossy)).toMatchObject({ verdict: 'lost-sight', incomplete: true });
  });

  it('is dropped at once although its sender keeps the data to send it again', () => {
    const trace = `${sent}\n 6 s1 p1 c2/eth0 kfree_skb NETFILTER_DROP dref=2`;
    const hops = readTrace({ p1: tcp }, trace).map((hop, i) => (i === 0 ? { ...hop, flags: 0x20 } : hop));
    expect(onlyExchange(assemble(hops))).toMatchObject({ verdict: 'dropped', drop: { reason: 'NETFILTER_DROP' } });
  });

  it('sent again is another packet', () => {
    const again: FrameSpec = { ...tcp, ipId: 0x1235 };
    const exchanges = exchangesOf(
      assemble(readTrace({ p1: tcp, p2: again }, `${sent}\n 200000 s1 p2 c1/eth0 net_dev_queue`)),
    );
    expect(exchanges).toHaveLength(2);
  });
});

describe('a large packet that the device sends in pieces', () => {
  it('goes on as the first piece; the others begin there', () => {
    const piece = (n: number): FrameSpec => ({ ...tcp, ipId: n, tcp: { seq: n * 1000 } });
    const trace = `
      1  s1  p1  c1/eth0  net_dev_queue
      2  s2  p2  c1/eth0  net_dev_start_xmit
      3  s2  p2  c2/eth0  netif_receive_skb
      4  s3  p3  c1/eth0  net_dev_start_xmit
      5  s3  p3  c2/eth0  netif_receive_skb
      6  s1  p1  c1/eth0  consume_skb`;
    const hops = readTrace({ p1: piece(1), p2: piece(1), p3: piece(2) }, trace).map((hop) => ({
      ...hop,
      len: hop.packet === 1 ? 2066 : 1066,
      flags: hop.flags | (hop.stage <= STAGE.net_dev_start_xmit ? FLAG.FROM_HERE : 0),
    }));
    const assembler = assemble(hops);
    assembler.advance(final);
    const [large, second] = exchangesOf(assembler);
    expect(large).toMatchObject({ verdict: 'delivered', join: 'rebuilt', request: { packets: [1, 2] } });
    expect(pathOf(large?.request ?? null)).toEqual(['eth0 out 12', 'eth0 in 6']);
    expect(second).toMatchObject({ verdict: 'delivered', join: 'same-skb', request: { packets: [3] } });
  });
});

describe('segments that GRO merges', () => {
  const part = (n: number): FrameSpec => ({ ...tcp, ipId: n, tcp: { seq: (0xffffff00 + n * 100) >>> 0 } });
  const frames = { p1: part(1), p2: part(2), p3: part(3), p4: part(4) };
  const trace = `
      1  s1  p1  c1/eth0  net_dev_queue
      2  s2  p2  c1/eth0  net_dev_queue
      3  s3  p3  c1/eth0  net_dev_queue
      4  s4  p4  c1/eth0  net_dev_queue
      5  s1  p1  c2/eth0  napi_gro_receive_entry
      6  s2  p2  c2/eth0  napi_gro_receive_entry
      7  s3  p3  c2/eth0  napi_gro_receive_entry
      8  s4  p4  c2/eth0  napi_gro_receive_entry
      9  s1  p1  c2/eth0  netif_receive_skb
     10  s4  p4  c2/eth0  netif_receive_skb`;
  // 40 bytes of headers and 100 of data each; the first one leaves with the data of the first three.
  const hops = readTrace(frames, trace).map((hop, i) => ({ ...hop, len: i === 8 ? 340 : 140 }));

  it('are part of the packet that they were merged into, and say so', () => {
    const assembler = assemble(hops);
    expect(exchangesOf(assembler).map(({ request }) => request?.mergedInto)).toEqual([undefined, 1, 1, undefined]);
    assembler.advance(final);
    expect(exchangesOf(assembler).map(({ verdict }) => verdict)).toEqual(Array(4).fill('delivered'));
  });

  it('share its fate', () => {
    const [drop] = readTrace(frames, '12 s1 p1 c2/eth0 kfree_skb NETFILTER_DROP');
    const assembler = assemble(hops);
    const before = exchangesOf(assembler);
    expect(before.map(({ verdict }) => verdict)).toEqual(Array(4).fill('in-flight'));
    assembler.add(drop as Hop);
    expect(assembler.advance(20_000 as TimeNs)).toEqual([before[1]?.id, before[2]?.id]);
    expect(exchangesOf(assembler).map(({ verdict }) => verdict)).toEqual([
      ...['dropped', 'dropped', 'dropped', 'in-flight'],
    ]);
  });

  it('are packets of their own again when they were taken apart', () => {
    const again = readTrace(frames, '12 s2 p2 c2/eth1 netif_receive_skb');
    const exchanges = exchangesOf(assemble([...hops, ...again]));
    expect(exchanges.map(({ request }) => request?.mergedInto)).toEqual([undefined, undefined, 1, undefined]);
  });

  it('of UDP are counted by their length', () => {
    const datagram: FrameSpec = { ...udp, ipId: 0 };
    const same = { p1: datagram, p2: datagram, p3: datagram, p4: datagram };
    // 28 bytes of headers and 100 of data each.
    const grown = readTrace(same, trace).map((hop, i) => ({ ...hop, len: i === 8 ? 328 : 128 }));
    expect(exchangesOf(assemble(grown)).map(({ request }) => request?.mergedInto)).toEqual([
      undefined,
      1,
      1,
      undefined,
    ]);
  });

  it('are not made up: without a longer packet nothing was merged', () => {
    const plain = hops.map((hop) => ({ ...hop, len: 140 }));
    const assembler = assemble(plain);
    assembler.advance(final);
    expect(exchangesOf(assembler).map(({ verdict }) => verdict)).toEqual([
      ...['delivered', 'lost-sight', 'lost-sight', 'delivered'],
    ]);
  });
});

describe('ICMP errors about UDP and TCP', () => {
  const trace = `
      1  s1  p1  c1/eth0      net_dev_queue
      2  s1  p1  host/vethx1  netif_rx
      5  s2  p2  host/vethx1  net_dev_queue
      6  s2  p2  c1/eth0      netif_rx
      7  s1  p1  host/vethx1  kfree_skb   NO_SOCKET
      8  s2  p2  c1/eth0      consume_skb`;
  const about = (quoted: FrameSpec): FrameSpec => ({ src: '172.17.0.1', dst: udp.src, type: 3, code: 3, quoted });

  it.each([
    ['UDP', udp],
    ['TCP', tcp],
    ['IPv6', { src: 'fd00::2', dst: 'fd00::3', ports: [40000, 53] } as FrameSpec],
  ])('attach to the packet that they quote: %s', (_, quoted) => {
    const error = quoted.src.includes(':')
      ? { src: 'fd00::1', dst: quoted.src, type: 1, code: 4, quoted }
      : about(quoted);
    const exchange = onlyExchange(assemble(readTrace({ p1: quoted, p2: error }, trace)));
    expect(exchange).toMatchObject({
      verdict: 'error',
      request: { verdict: 'dropped' },
      drop: { reason: 'NO_SOCKET' },
      errors: [{ direction: 'error', src: error.src, verdict: 'delivered' }],
    });
  });

  it('attach to no other packet of the flow', () => {
    for (const other of [
      { ...udp, ipId: 0x1235 },
      { ...udp, ports: [40001, 53] as const },
      { ...udp, dst: '172.17.0.9' },
    ]) {
      const exchanges = exchangesOf(assemble(readTrace({ p1: udp, p2: about(other) }, trace)));
      expect(exchanges).toMatchObject([
        { verdict: 'dropped', errors: [] },
        { request: null, kind: 'udp', src: other.src, dst: other.dst, ports: { dst: 53 }, verdict: 'error' },
      ]);
    }
    const later: FrameSpec = { ...tcp, ipId: 0, tcp: { seq: 2000 } };
    const first = { ...tcp, ipId: 0 };
    expect(exchangesOf(assemble(readTrace({ p1: first, p2: about(later) }, trace)))).toHaveLength(2);
  });

  it('are found behind NAT, where they quote the addresses that the packet wore', () => {
    const translated: FrameSpec = { ...udp, src: '198.51.100.1', ports: [5000, 53], ttl: 63 };
    const behind = `
       1  s1  p1      c1/eth0      net_dev_queue
       2  s1  p1      host/vethx1  netif_rx
       3  s1  p1.nat  host/up      net_dev_queue
       4  s1  p1.nat  host/up      consume_skb
     900  s2  p2.nat  host/up      netif_rx
     901  s2  p2      host/vethx1  net_dev_queue
     902  s2  p2      c1/eth0      netif_rx
     903  s2  p2      c1/eth0      consume_skb`;
    const far = { ...about(translated), src: '192.0.2.9', dst: translated.src };
    const near = { ...about(udp), src: '192.0.2.9' };
    const frames = { p1: udp, 'p1.nat': translated, 'p2.nat': far, p2: near };
    expect(onlyExchange(assemble(readTrace(frames, behind)))).toMatchObject({
      ...{ verdict: 'error', src: udp.src, errors: [{ join: 'nat', verdict: 'delivered' }], join: 'nat' },
    });
  });

  it('attach in the namespace where the packet was, when the same packet is in two at once', () => {
    const twice = `
      1  s1  p1  c1/eth0  net_dev_queue
      2  s3  p3  c2/eth0  net_dev_queue
      3  s1  p1  r1/eth0  netif_rx
      4  s3  p3  r2/eth0  netif_rx
      5  s4  p4  r2/eth0  net_dev_queue
      6  s4  p4  c2/eth0  netif_rx
      7  s4  p4  c2/eth0  consume_skb`;
    const exchanges = exchangesOf(assemble(readTrace({ p1: udp, p3: udp, p4: about(udp) }, twice)));
    expect(exchanges.map(({ request, verdict }) => [request?.packets, verdict])).toEqual([
      [[1], 'in-flight'],
      [[3], 'error'],
    ]);
  });

  it('are not guessed at when two packets of a flow fit', () => {
    const same: FrameSpec = { ...udp, ipId: 0 };
    const two = `
      1  s1  p1  c1/eth0  net_dev_queue
      2  s2  p2  c1/eth0  net_dev_queue
      9  s3  p3  c1/eth0  netif_rx
     10  s3  p3  c1/eth0  consume_skb`;
    const exchanges = exchangesOf(assemble(readTrace({ p1: same, p2: same, p3: about(same) }, two)));
    expect(exchanges.map(({ verdict, errors }) => [verdict, errors.length])).toEqual([
      ['ambiguous', 0],
      ['ambiguous', 0],
      ['ambiguous', 1],
    ]);
  });
});

describe('what was missed', () => {
  const packet = (n: number, t: number): Hop[] => {
    const lines = `${t} s${n} p${n} c1/eth0 net_dev_queue\n ${t + 1} s${n} p${n} c2/eth0 netif_rx\n ${t + 2} s${n} p${n} - consume_skb`;
    return readTrace({ [`p${n}`]: { ...udp, ipId: n } }, lines);
  };
  const ms = (value: number): TimeNs => (value * 1e6) as TimeNs;

  it('marks what was under way then, and neither what was over before nor what began after', () => {
    const assembler = createAssembler({ dropReasons });
    const over = packet(1, 1000);
    const open = packet(2, 1000).slice(0, 2);
    const during = packet(3, 400_000);
    const after = packet(4, 700_000);
    for (const hop of [...over, ...open, ...during, ...after]) assembler.add(hop);
    assembler.noteMissed(1, ms(300), ms(500));
    expect(exchangesOf(assembler).map(({ incomplete }) => incomplete)).toEqual([false, true, true, false]);
  });

  it('marks what is added later but is of that time, or began in the middle of its way right after', () => {
    const assembler = createAssembler({ dropReasons });
    assembler.noteMissed(1, ms(300), ms(500));
    const whole = packet(3, 520_000).map((hop, i) => (i === 0 ? { ...hop, flags: 0x08 } : hop));
    for (const hop of [...packet(1, 400_000), ...packet(2, 510_000), ...whole, ...packet(4, 700_000)])
      assembler.add(hop);
    expect(exchangesOf(assembler).map(({ incomplete }) => incomplete)).toEqual([true, true, false, false]);
  });

  it('marks also what timed out meanwhile', () => {
    const assembler = createAssembler({ dropReasons });
    for (const hop of packet(1, 0).slice(0, 1)) assembler.add(hop);
    assembler.advance(ms(5000));
    assembler.noteMissed(1, ms(1), ms(5000));
    expect(onlyExchange(assembler)).toMatchObject({ verdict: 'lost-sight', incomplete: true });
  });
});
