// How packets are followed where the kernel's ids alone do not do it, and what is paired with what.
import type { TimeNs } from '@hopscope/protocol';
import { describe, expect, it } from 'vitest';
import { createAssembler } from './assembler.ts';
import { assemble, exchangesOf, onlyExchange, pathOf } from './test-assemble.ts';
import type { FrameSpec } from './test-headers.ts';
import { dropReasons, readTrace } from './test-trace.ts';

const request: FrameSpec = { src: '172.17.0.2', dst: '192.0.2.9', type: 8, id: 7, seq: 1, ipId: 0x1234 };
const reply: FrameSpec = { src: '192.0.2.9', dst: '172.17.0.2', type: 0, id: 7, seq: 1, ipId: 0x77 };
const onTheWay: FrameSpec = { ...request, src: '198.51.100.1', id: 4000, ttl: 63 };
const onTheWayBack: FrameSpec = { ...reply, dst: '198.51.100.1', id: 4000 };

const masqueraded = `
   1  s1  p1        c1/eth0       net_dev_queue
   2  s1  p1        host/vethx1   netif_rx
   3  s1  p1        host/docker0  netif_receive_skb_entry
   4  s9  p1.nat    host/uplink   consume_skb  dref=2   # asks for the neighbour, after NAT
   5  s1  p1.nat    host/uplink   net_dev_queue
   6  s1  p1.nat    outside/eth0  netif_rx
  10  s2  p2.nat    outside/eth0  net_dev_queue
  11  s1  p1.nat    outside/eth0  consume_skb
  12  s2  p2.nat    host/uplink   netif_rx
  13  s2  p2        host/docker0  net_dev_queue  ttl=63
  14  s2  p2        host/vethx1   net_dev_queue  ttl=63
  15  s2  p2        c1/eth0       netif_rx       ttl=63
  16  s2  p2        c1/eth0       kfree_skb      NO_SOCKET dref=2 ttl=63
  20  s1  p2        -             consume_skb    ttl=63`;
const natFrames = { p1: request, 'p1.nat': onTheWay, p2: reply, 'p2.nat': onTheWayBack };

describe('NAT', () => {
  it('is one journey each way with both address pairs, and the reply is paired', () => {
    const exchange = onlyExchange(assemble(readTrace(natFrames, masqueraded)));
    expect(exchange).toMatchObject({
      src: request.src,
      dst: request.dst,
      icmpId: 7,
      verdict: 'replied',
      rttNs: 14_000,
    });
    expect(pathOf(exchange.request)).toEqual([
      'eth0 out 1',
      'vethx1 in 3',
      'docker0 in 5',
      'uplink out 1 nat',
      'eth0 in 3',
    ]);
    expect(pathOf(exchange.reply)).toEqual([
      'eth0 out 1',
      'uplink in 3',
      'docker0 out 1 nat',
      'vethx1 out 1',
      'eth0 in 3',
    ]);
    expect(exchange.request?.crossings.map((one) => one.packet.src)).toEqual([
      ...[request.src, request.src, request.src],
      ...[onTheWay.src, onTheWay.src],
    ]);
    expect(exchange).toMatchObject({ request: { join: 'nat' }, reply: { join: 'nat' } });
  });

  it('is followed when it gave the skb a new data area, because a sniffer held the old one', () => {
    const trace = masqueraded.replaceAll('p1.nat', 'p3.nat');
    const exchange = onlyExchange(assemble(readTrace({ ...natFrames, 'p3.nat': onTheWay }, trace)));
    expect(exchange.verdict).toBe('replied');
    expect(exchange.request?.packets).toEqual([1, 3]);
    expect(pathOf(exchange.request)[3]).toBe('uplink out 1 nat');
  });

  it('is not believed where no packet could have come through', () => {
    // The end of packet 1 fired no tracepoint, and the kernel took another packet in its data area for it.
    const other = { ...request, src: '10.1.1.1', dst: '10.1.1.2', id: 900 };
    const trace = '1 s1 p1 c1/eth0 net_dev_queue\n 9 s2 p1.nat c7/eth0 net_dev_queue';
    expect(onlyExchange(assemble(readTrace({ p1: request, 'p1.nat': other }, trace))).verdict).toBe('ambiguous');
  });
});

describe('another data area', () => {
  it('is the same skb where the skb stays', () => {
    const trace = `
      1  s1  p1  c1/eth0      net_dev_queue
      2  s1  p2  c1/eth0      net_dev_start_xmit
      3  s1  p2  host/vethx1  netif_rx`;
    const { request: journey } = onlyExchange(assemble(readTrace({ p1: request, p2: request }, trace)));
    expect(pathOf(journey)).toEqual(['eth0 out 12', 'vethx1 in 3']);
    expect(journey).toMatchObject({ packets: [1, 2], join: 'same-skb' });
  });

  it('is rebuilt where an XDP program at the other end of the wire replaced the skb', () => {
    const trace = `
      0.0  s1  p1  c1/eth0      net_dev_queue
     29.5  s1  p1  c1/eth0      net_dev_start_xmit
     77.1  s1  p1  host/vethx1  consume_skb
     86.5  s2  p2  host/vethx1  napi_gro_receive_entry
    101.3  s2  p2  host/vethx1  netif_receive_skb`;
    const exchange = onlyExchange(assemble(readTrace({ p1: request, p2: request }, trace)));
    expect(pathOf(exchange.request)).toEqual(['eth0 out 12', 'vethx1 in 46 rebuilt']);
    expect(exchange).toMatchObject({ verdict: 'in-flight', request: { join: 'rebuilt', verdict: 'in-flight' } });
  });

  it('is only a matter of headers where it went through a router out of sight', () => {
    const trace = `
      1  s1  p1  c1/eth0   net_dev_queue
      2  s1  p1  c1/eth0   consume_skb
    900  s2  p2  c2/eth9   netif_rx  ttl=62`;
    const { request: journey } = onlyExchange(assemble(readTrace({ p1: request, p2: request }, trace)));
    expect(pathOf(journey)).toEqual(['eth0 out 1', 'eth9 in 3 protocol']);
  });

  const twoOrigins = `
    1  s1  p1  c1/eth0  net_dev_queue
    2  s2  p2  c2/eth0  net_dev_queue
    3  s1  p1  c1/eth0  consume_skb
    4  s2  p2  c2/eth0  consume_skb`;
  const frames = { p1: request, p2: request, p3: request, p4: request };

  it('is never guessed: with two packets that it may come from, all are ambiguous', () => {
    const exchanges = exchangesOf(assemble(readTrace(frames, `${twoOrigins}\n 9 s3 p3 host/veth netif_rx`)));
    expect(exchanges.map((one) => [one.request?.packets, one.verdict])).toEqual([
      [[1], 'ambiguous'],
      [[2], 'ambiguous'],
      [[3], 'ambiguous'],
    ]);
  });

  it('is never guessed: with two packets that go on from one, all are ambiguous', () => {
    const trace = `
      1  s1  p1  c1/eth0  net_dev_queue
      3  s1  p1  c1/eth0  consume_skb
      5  s3  p3  host/v1  netif_rx
      6  s4  p4  host/v2  netif_rx
      7  s3  p3  host/v1  netif_receive_skb`;
    const exchanges = exchangesOf(assemble(readTrace(frames, trace)));
    expect(exchanges.map((one) => one.verdict)).toEqual(['ambiguous', 'ambiguous', 'ambiguous']);
  });

  it('joins nothing while hops are missed: the packet that would make it ambiguous may be among them', () => {
    const trace = '1 s1 p1 c1/eth0 net_dev_queue\n 3 s1 p1 c1/eth0 consume_skb\n 5 s3 p3 host/v1 netif_rx';
    const assembler = assemble(readTrace(frames, trace));
    expect(onlyExchange(assembler).request?.join).toBe('rebuilt');
    assembler.noteMissed(1);
    expect(assembler.advance(0 as TimeNs)).toEqual([1, 2]);
    expect(exchangesOf(assembler)).toMatchObject([
      { incomplete: true, request: { packets: [1] } },
      { incomplete: true, request: { packets: [3] } },
    ]);
  });

  it('is no continuation of a packet that was dropped, nor of one that goes on itself, nor of a duplicate', () => {
    const dropped =
      '1 s1 p1 c1/eth0 net_dev_queue\n 3 s1 p1 c1/eth0 kfree_skb NETFILTER_DROP\n 5 s3 p3 host/v1 netif_rx';
    const goesOn = '1 s1 p1 c1/eth0 net_dev_queue\n 5 s3 p3 host/v1 netif_rx\n 6 s1 p1 host/v2 netif_rx';
    const twice = '1 s1 p1 host/up netif_rx\n 2 s1 p1 host/up consume_skb\n 3 s3 p3 host/up netif_rx';
    for (const trace of [dropped, goesOn, twice]) {
      expect(exchangesOf(assemble(readTrace(frames, trace)))).toHaveLength(2);
    }
  });
});

describe('a packet without a kernel id', () => {
  const frames = { p0: request };

  it('is followed by its skb until that is freed', () => {
    const trace = `
      1  s1  p0  c1/eth0      net_dev_queue
      2  s1  p0  host/vethx1  netif_rx
      3  s1  p0  host/vethx1  consume_skb
      4  s1  p0  c2/eth0      net_dev_queue     # another packet in the same skb
      5  s1  p0  host/vethx2  netif_rx`;
    const exchanges = exchangesOf(assemble(readTrace(frames, trace)));
    expect(exchanges.map((one) => pathOf(one.request))).toEqual([
      ['eth0 out 1', 'vethx1 in 3'],
      ['eth0 out 1', 'vethx2 in 3'],
    ]);
  });
});

describe('fragments', () => {
  const first = { ...request, fragment: { offsetBytes: 0, more: true } };
  const later = { ...request, fragment: { offsetBytes: 1480, more: false } };
  const trace = `
    1  s1  p1  c1/eth0      net_dev_queue
    2  s2  p2  c1/eth0      net_dev_queue
    3  s1  p1  host/vethx1  netif_rx
    4  s2  p2  host/vethx1  netif_rx
    5  s1  p1  host/vethx1  netif_receive_skb
    6  s2  p2  host/vethx1  netif_receive_skb`;

  it('travel beside the first one in its journey, whichever comes first', () => {
    for (const [p1, p2] of [
      [first, later],
      [later, first],
    ] as const) {
      const exchange = onlyExchange(assemble(readTrace({ p1, p2 }, trace)));
      expect(pathOf(exchange.request).map((text) => text.replace(' protocol', ''))).toEqual([
        ...['eth0 out 1', 'eth0 out 1', 'vethx1 in 36', 'vethx1 in 36'],
      ]);
      expect(exchange.request?.join).toBe('protocol');
    }
  });

  it('are dropped together when one is', () => {
    const exchange = onlyExchange(
      assemble(
        readTrace(
          { p1: first, p2: later },
          `${trace}
      7 s2 p2 host/vethx1 kfree_skb NETFILTER_DROP
      8 s1 p1 host/vethx1 kfree_skb NETFILTER_DROP`,
        ),
      ),
    );
    expect(exchange).toMatchObject({ verdict: 'dropped', drop: { reason: 'NETFILTER_DROP' } });
  });

  it('belong to nothing when the first one was not seen, and say so', () => {
    const assembler = createAssembler({ dropReasons });
    const hops = readTrace({ p2: later }, '1 s2 p2 c1/eth0 net_dev_queue\n 2 s2 p2 host/vethx1 netif_rx');
    expect(hops.map((hop) => assembler.add(hop))).toEqual([null, null]);
    expect(assembler.ids()).toEqual([]);
  });

  it('are put together again in IPv6 under another id', () => {
    const v6 = { src: 'fd00::1', dst: 'fd00::2', type: 128, id: 3, seq: 1, ipId: 99 };
    const frames = {
      p1: { ...v6, fragment: { offsetBytes: 0, more: true } },
      p2: { ...v6, fragment: { offsetBytes: 1448, more: false } },
      p3: { ...v6, ipId: 0 },
    };
    const whole = `${trace}\n 7 s1 p1 - consume_skb dref=2\n 8 s2 p3 host/vethx1 kfree_skb NETFILTER_DROP`;
    expect(onlyExchange(assemble(readTrace(frames, whole)))).toMatchObject({
      verdict: 'dropped',
      request: { packets: [1, 2, 3] },
    });
  });
});

describe('ICMP errors', () => {
  const exceeded: FrameSpec = { src: '172.17.0.1', dst: request.src, type: 11, quoted: request };
  const trace = `
      1  s1  p1  c1/eth0       net_dev_queue
      2  s1  p1  host/vethx1   netif_rx
      3  s1  p1  host/docker0  netif_receive_skb_entry
      5  s2  p2  host/docker0  net_dev_queue
      6  s2  p2  host/vethx1   net_dev_queue
      7  s2  p2  c1/eth0       netif_rx
      8  s1  p1  host/docker0  kfree_skb  IP_INNOROUTES
      9  s2  p2  c1/eth0       consume_skb  dref=2
     12  s1  p2  c1/eth0       consume_skb`;

  it('attach to the packet that they quote', () => {
    const exchange = onlyExchange(assemble(readTrace({ p1: request, p2: exceeded }, trace)));
    expect(exchange).toMatchObject({
      verdict: 'error',
      src: request.src,
      request: { verdict: 'dropped' },
      drop: { reason: 'IP_INNOROUTES', ifname: 'docker0' },
      errors: [{ direction: 'error', src: '172.17.0.1', verdict: 'delivered' }],
    });
    expect(pathOf(exchange.errors[0] ?? null)).toEqual(['docker0 out 1', 'vethx1 out 1', 'eth0 in 3']);
  });

  it('attach to a request refused before it reached a device, although they are sent first', () => {
    const refused = `
      1  s2  p2  c1/lo  net_dev_queue
      2  s2  p2  c1/lo  netif_rx
      3  s1  p1  -      kfree_skb  NETFILTER_DROP
      4  s2  p2  c1/lo  consume_skb`;
    const exchange = onlyExchange(assemble(readTrace({ p1: request, p2: exceeded }, refused)));
    expect(exchange).toMatchObject({ verdict: 'error', drop: { reason: 'NETFILTER_DROP' }, errors: [{}] });
  });

  it('make an exchange of their own when the packet they quote was not seen', () => {
    const alone = trace.replaceAll(/.* p1 .*/g, '');
    expect(onlyExchange(assemble(readTrace({ p2: exceeded }, alone)))).toMatchObject({
      ...{ request: null, reply: null, verdict: 'error' },
      ...{ src: request.src, dst: request.dst, icmpId: 7, icmpSeq: 1 },
    });
  });

  it('do not speak louder than the reply: a redirect is only a word to the sender', () => {
    const redirect = { ...exceeded, type: 5 };
    const frames = { ...natFrames, p5: redirect };
    const withRedirect = `${masqueraded}\n 3.5 s5 p5 host/docker0 net_dev_queue\n 3.6 s5 p5 c1/eth0 netif_rx\n 3.7 s5 p5 c1/eth0 consume_skb`;
    expect(onlyExchange(assemble(readTrace(frames, withRedirect)))).toMatchObject({ verdict: 'replied', errors: [{}] });
  });
});

describe('what answers what', () => {
  const ping = (n: number, at: number): string => `
    ${at}      s1  p${n}1  c1/eth0  net_dev_queue
    ${at + 1}  s1  p${n}1  c2/eth0  netif_rx
    ${at + 2}  s2  p${n}2  c2/eth0  net_dev_queue
    ${at + 3}  s1  p${n}1  c2/eth0  consume_skb
    ${at + 4}  s2  p${n}2  c1/eth0  netif_rx
    ${at + 5}  s2  p${n}2  c1/eth0  kfree_skb   NO_SOCKET dref=2`;
  const framesOf = (...numbers: number[]): Record<string, FrameSpec> =>
    Object.fromEntries(
      numbers.flatMap((n) => [
        [`p${n}1`, request],
        [`p${n}2`, reply],
      ]),
    );

  it('begins a new exchange when id and seq come again', () => {
    const hops = readTrace(framesOf(1, 2, 3), `${ping(1, 10)}${ping(2, 40)}${ping(3, 20_000)}`);
    expect(exchangesOf(assemble(hops)).map((one) => [one.request?.packets, one.reply?.packets, one.verdict])).toEqual([
      [[11], [12], 'replied'],
      [[21], [22], 'replied'],
      [[31], [32], 'replied'],
    ]);
  });

  it('takes a second answer for an exchange without a request', () => {
    const second =
      '30 s3 p13 c2/eth0 net_dev_queue\n 31 s3 p13 c1/eth0 netif_rx\n 32 s3 p13 c1/eth0 kfree_skb NO_SOCKET dref=2';
    const exchanges = exchangesOf(assemble(readTrace({ ...framesOf(1), p13: reply }, `${ping(1, 10)}\n${second}`)));
    expect(exchanges).toMatchObject([
      { verdict: 'replied', request: {}, reply: {} },
      { request: null, reply: { packets: [13] }, src: request.src, dst: request.dst, rttNs: null },
    ]);
  });

  it('does not choose between two requests that left by one wire', () => {
    const trace = `
      1  s1  p1  host/up  net_dev_queue
      2  s2  p2  host/up  net_dev_queue
      9  s3  p3  host/up  netif_rx`;
    const exchanges = exchangesOf(assemble(readTrace({ p1: request, p2: request, p3: reply }, trace)));
    expect(exchanges.map((one) => one.verdict)).toEqual(['ambiguous', 'ambiguous', 'ambiguous']);
  });

  it('pairs the first answer to a request for many with it', () => {
    const toAll = { src: 'fe80::1', dst: 'ff02::1', type: 128, id: 3, seq: 1 };
    const from = (src: string): FrameSpec => ({ src, dst: 'fe80::1', type: 129, id: 3, seq: 1 });
    const trace = `
      1  s1  p1  c1/eth0  net_dev_queue
      2  s1  p1  c2/eth0  netif_rx
      3  s2  p1  c3/eth0  netif_rx
      4  s3  p2  c2/eth0  net_dev_queue
      5  s4  p3  c3/eth0  net_dev_queue
      6  s3  p2  c1/eth0  netif_rx
      7  s4  p3  c1/eth0  netif_rx`;
    const exchanges = exchangesOf(assemble(readTrace({ p1: toAll, p2: from('fe80::2'), p3: from('fe80::3') }, trace)));
    expect(exchanges).toMatchObject([
      { dst: 'ff02::1', verdict: 'replied', reply: { src: 'fe80::2' } },
      { request: null, reply: { src: 'fe80::3' } },
    ]);
  });

  it('is replied for a request from outside when the reply leaves by the wire it came in by', () => {
    const trace = `
      1  s1  p1  host/up  netif_rx
      2  s2  p2  host/up  net_dev_queue
      3  s1  p1  host/up  consume_skb
      4  s2  p2  host/up  consume_skb`;
    expect(onlyExchange(assemble(readTrace({ p1: request, p2: reply }, trace)))).toMatchObject({
      verdict: 'replied',
      rttNs: 1000,
      reply: { verdict: 'delivered' },
    });
  });
});

describe('time', () => {
  const sent = '1 s1 p1 host/up net_dev_queue\n 2 s1 p1 host/up consume_skb';

  it('makes a verdict final, and is told by packets only', () => {
    const assembler = assemble(readTrace({ p1: request }, sent), { timeoutNs: 1_000_000 });
    const ids = assembler.ids();
    expect(assembler.advance(1_000_000 as TimeNs)).toEqual([]);
    expect(onlyExchange(assembler).verdict).toBe('in-flight');
    expect(assembler.advance(1_003_000 as TimeNs)).toEqual(ids);
    expect(onlyExchange(assembler)).toMatchObject({ verdict: 'lost-sight', request: { verdict: 'lost-sight' } });
    expect(assembler.advance(9_000_000 as TimeNs)).toEqual([]);
  });

  it('takes a late reply in, when nothing else waits for one', () => {
    const assembler = assemble(readTrace({ p1: request }, sent), { timeoutNs: 1_000_000 });
    assembler.advance(2_000_000 as TimeNs);
    for (const hop of readTrace({ p2: reply }, '5000 s2 p2 host/up netif_rx\n 5001 s2 p2 host/up consume_skb'))
      assembler.add(hop);
    expect(onlyExchange(assembler)).toMatchObject({ verdict: 'replied', rttNs: 4_999_000 });
  });

  it('marks what is under way as incomplete when hops were missed, and nothing else', () => {
    const assembler = assemble(readTrace({ p1: request }, sent), { timeoutNs: 1_000_000 });
    assembler.noteMissed(0);
    expect(onlyExchange(assembler).incomplete).toBe(false);
    assembler.advance(2_000_000 as TimeNs);
    for (const hop of readTrace({ p2: { ...request, seq: 2 } }, '3000 s1 p2 host/up net_dev_queue')) assembler.add(hop);
    assembler.noteMissed(5);
    expect(exchangesOf(assembler).map((one) => one.incomplete)).toEqual([false, true]);
  });
});

describe('memory', () => {
  it('keeps the newest exchanges and forgets all of the others', () => {
    const assembler = createAssembler({ dropReasons, keep: 3 });
    for (let seq = 1; seq <= 20; seq++) {
      const frame = { ...request, seq };
      for (const hop of readTrace({ [`p${seq}`]: frame }, `${seq} s1 p${seq} host/up net_dev_queue`))
        assembler.add(hop);
    }
    expect(exchangesOf(assembler).map((one) => one.icmpSeq)).toEqual([18, 19, 20]);
    expect(assembler.exchange(1)).toBeUndefined();
  });

  it('is bounded for one packet that turns in circles, which is then incomplete', () => {
    const assembler = createAssembler({ dropReasons });
    const [hop] = readTrace({ p1: request }, '1 s1 p1 host/a net_dev_queue');
    for (let t = 0; hop && t < 10_000; t++) assembler.add({ ...hop, t: t as TimeNs });
    const exchange = onlyExchange(assembler);
    expect(exchange.incomplete).toBe(true);
    expect(exchange.request?.crossings.length).toBeLessThan(5000);
  });
});
