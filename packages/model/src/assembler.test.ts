import type { Hop, TimeNs } from '@hopscope/protocol';
import { describe, expect, it } from 'vitest';
import { createAssembler } from './assembler.ts';
import { assemble, onlyExchange, pathOf } from './test-assemble.ts';
import type { FrameSpec } from './test-headers.ts';
import { dropReasons, readTrace } from './test-trace.ts';

const request: FrameSpec = { src: '172.17.0.2', dst: '172.17.0.3', type: 8, id: 17146, seq: 1, ipId: 0x1234 };
const reply: FrameSpec = { src: '172.17.0.3', dst: '172.17.0.2', type: 0, id: 17146, seq: 1, ipId: 0x77 };

/** identity-trace.md: one ping from c1 to c2 over the host's bridge. */
const bridged = `
   50.0  s3  p1  c1/eth0      net_dev_queue
   50.9  s3  p1  c1/eth0      net_dev_start_xmit
   52.0  s3  p1  host/vethx1  netif_rx
   54.1  s3  p1  host/vethx1  netif_receive_skb
   58.4  s3  p1  host/vethx2  net_dev_queue
   58.9  s3  p1  host/vethx2  net_dev_start_xmit
   59.5  s3  p1  c2/eth0      netif_rx
   60.2  s3  p1  c2/eth0      netif_receive_skb
   80.9  s2  p2  c2/eth0      net_dev_queue
   81.5  s2  p2  c2/eth0      net_dev_start_xmit
   82.0  s2  p2  host/vethx2  netif_rx
   84.3  s3  p1  c2/eth0      consume_skb
   85.0  s2  p2  host/vethx2  netif_receive_skb
   86.0  s2  p2  host/vethx1  net_dev_queue
   86.5  s2  p2  host/vethx1  net_dev_start_xmit
   87.0  s2  p2  c1/eth0      netif_rx
   87.9  s2  p2  c1/eth0      netif_receive_skb
   93.1  s2  p2  c1/eth0      kfree_skb    NO_SOCKET dref=2
  105.0  s3  p2  -            consume_skb`;

describe('a ping between two containers', () => {
  it('is one exchange, replied, with every device in order and its stages folded', () => {
    const exchange = onlyExchange(assemble(readTrace({ p1: request, p2: reply }, bridged)));
    expect(exchange).toMatchObject({
      src: request.src,
      dst: request.dst,
      icmpId: 17146,
      icmpSeq: 1,
      verdict: 'replied',
      rttNs: 37_900,
      drop: null,
      incomplete: false,
      request: { direction: 'request', verdict: 'delivered', join: 'same-skb' },
      reply: { direction: 'reply', verdict: 'delivered', drop: null, join: 'same-skb' },
    });
    expect(pathOf(exchange.request)).toEqual(['eth0 out 12', 'vethx1 in 36', 'vethx2 out 12', 'eth0 in 36']);
    expect(pathOf(exchange.reply)).toEqual(['eth0 out 12', 'vethx2 in 36', 'vethx1 out 12', 'eth0 in 36']);
  });

  it('is replied before ping has read it: a kfree with another holder of the data is no drop', () => {
    const unread = readTrace({ p1: request, p2: reply }, bridged).slice(0, -1);
    expect(onlyExchange(assemble(unread))).toMatchObject({ verdict: 'replied', drop: null });
  });

  it('is dropped when no ping is there to read the reply', () => {
    const trace = bridged.replace('NO_SOCKET dref=2', 'NO_SOCKET').replace(/.*-\s+consume_skb/, '');
    const exchange = onlyExchange(assemble(readTrace({ p1: request, p2: reply }, trace)));
    expect(exchange).toMatchObject({ verdict: 'dropped', drop: { reason: 'NO_SOCKET', ifname: 'eth0' } });
  });

  it('answers every hop with the id of its exchange', () => {
    const assembler = createAssembler({ dropReasons });
    const ids = readTrace({ p1: request, p2: reply }, bridged).map((hop) => assembler.add(hop));
    expect(new Set(ids)).toEqual(new Set(assembler.ids()));
  });

  it('gives the same view until something changes', () => {
    const hops = readTrace({ p1: request, p2: reply }, bridged);
    const assembler = assemble(hops.slice(0, -2));
    const [id = 0] = assembler.ids();
    const view = assembler.exchange(id);
    expect(assembler.exchange(id)).toBe(view);
    assembler.add(hops.at(-2) as Hop);
    expect(assembler.exchange(id)).not.toBe(view);
  });

  it('does not mind a hop that arrives twice', () => {
    const hops = readTrace({ p1: request, p2: reply }, bridged);
    const twice = onlyExchange(assemble(hops.flatMap((hop) => [hop, { ...hop, index: hop.index + 1000 }])));
    expect(twice).toEqual(onlyExchange(assemble(hops)));
  });
});

describe('other holders of the data', () => {
  it('takes a clone made to resolve the neighbour neither for an end nor for a drop', () => {
    const trace = `40.0  s9  p1  c1/eth0  consume_skb  dref=2\n${bridged}`;
    const exchange = onlyExchange(assemble(readTrace({ p1: request, p2: reply }, trace)));
    expect(exchange).toMatchObject({ verdict: 'replied', startNs: 50_000, rttNs: 37_900 });
    expect(pathOf(exchange.request)[0]).toBe('eth0 out 12');
  });

  it('takes no clone of a sniffer for an end', () => {
    const clone = '50.5  s8  p1  c1/eth0  consume_skb  dref=2\n58.6  s8  p1  host/vethx2  consume_skb  dref=2';
    const overflow = '50.6  s7  p1  c1/eth0  kfree_skb  PACKET_SOCK_ERROR dref=2';
    for (const more of [clone, overflow]) {
      const hops = readTrace({ p1: request, p2: reply }, `${bridged}\n${more}`).sort((a, b) => a.t - b.t);
      for (let i = 1; i <= hops.length; i++) expect(onlyExchange(assemble(hops.slice(0, i))).drop).toBeNull();
      expect(onlyExchange(assemble(hops)).verdict).toBe('replied');
    }
  });

  it('still shows a drop when a sniffer holds a clone and reads it later', () => {
    const trace = `
      10  s1  p1  c1/eth0      net_dev_queue
      11  s1  p1  host/vethx1  netif_rx
      12  s1  p1  host/vethx1  netif_receive_skb
      13  s1  p1  host/docker0 netif_receive_skb_entry
      19  s1  p1  host/docker0 kfree_skb    NETFILTER_DROP dref=2
      90  s5  p1  -            consume_skb`;
    const hops = readTrace({ p1: request }, trace);
    expect(onlyExchange(assemble(hops.slice(0, -1))).verdict).toBe('in-flight');
    expect(onlyExchange(assemble(hops))).toMatchObject({
      verdict: 'dropped',
      drop: { reason: 'NETFILTER_DROP', ifname: 'docker0' },
    });
  });

  it('blames the full socket buffer, not the missing ping socket', () => {
    const trace = `
      10  s1  p1  c1/eth0  netif_rx
      11  s1  p1  c1/eth0  netif_receive_skb
      12  s2  p1  c1/eth0  kfree_skb  SOCKET_RCVBUFF dref=2
      13  s1  p1  c1/eth0  kfree_skb  NO_SOCKET`;
    expect(onlyExchange(assemble(readTrace({ p1: reply }, trace))).drop?.reason).toBe('SOCKET_RCVBUFF');
  });
});

describe('drops', () => {
  const forward = `
    10  s1  p1  c1/eth0      net_dev_queue
    11  s1  p1  host/vethx1  netif_rx
    12  s1  p1  host/docker0 netif_receive_skb_entry
    18  s1  p1  host/docker0 kfree_skb    NETFILTER_DROP location=4`;

  it('names reason, place and, once it is known, location', () => {
    const assembler = assemble(readTrace({ p1: request }, forward));
    const expected = { reason: 'NETFILTER_DROP', ifname: 'docker0', t: 18_000 };
    expect(onlyExchange(assembler)).toMatchObject({
      verdict: 'dropped',
      drop: { ...expected, location: '' },
      request: { verdict: 'dropped', endNs: 18_000 },
    });
    assembler.advance(0 as TimeNs);
    assembler.addLocations({ 4: 'nf_hook_slow+0xb2' });
    expect(assembler.advance(0 as TimeNs)).toEqual(assembler.ids());
    expect(onlyExchange(assembler).drop).toMatchObject({ ...expected, location: 'nf_hook_slow+0xb2' });
  });

  it('names a reason that the kernel has no name for by its number', () => {
    const hops = readTrace({ p1: request }, forward).map((hop) => ({ ...hop, dropReason: hop.dropReason && 999 }));
    expect(onlyExchange(assemble(hops)).drop?.reason).toBe('999');
  });

  it('shows a packet refused before it reached a device', () => {
    const exchange = onlyExchange(assemble(readTrace({ p1: request }, '10 s1 p1 - kfree_skb NETFILTER_DROP')));
    expect(exchange).toMatchObject({ verdict: 'dropped', drop: { device: null }, request: { crossings: [] } });
  });

  it('takes OTHERHOST on a flooded branch for ordinary, and for a drop when it was the only one', () => {
    const flood = `
      10  s1  p1  c1/eth0      net_dev_queue
      11  s1  p1  host/vethx1  netif_rx
      13  s2  p1  host/vethx2  net_dev_queue
      14  s2  p1  c2/eth0      netif_rx
      15  s1  p1  host/vethx3  net_dev_queue
      16  s1  p1  c3/eth0      netif_rx
      20  s1  p1  c3/eth0      kfree_skb   OTHERHOST dref=2`;
    const hops = readTrace({ p1: request }, flood);
    const branches = onlyExchange(assemble(hops));
    expect(branches).toMatchObject({ verdict: 'in-flight', drop: null });
    expect(pathOf(branches.request)).toEqual([
      ...['eth0 out 1', 'vethx1 in 3', 'vethx2 out 1 same-data'],
      ...['eth0 in 3', 'vethx3 out 1', 'eth0 in 3'],
    ]);
    const delivered = readTrace({ p1: request }, `${flood}\n 25 s2 p1 c2/eth0 consume_skb`);
    expect(onlyExchange(assemble(delivered)).request).toMatchObject({ verdict: 'delivered', drop: null });
    const alone = readTrace({ p1: request }, `${flood}\n 25 s2 p1 c2/eth0 kfree_skb OTHERHOST`);
    expect(onlyExchange(assemble(alone))).toMatchObject({ verdict: 'dropped', drop: { reason: 'OTHERHOST' } });
  });

  it('does not call a reply replied that was dropped after it had come home', () => {
    const trace = bridged.replace('NO_SOCKET dref=2', 'NETFILTER_DROP').replace(/.*-\s+consume_skb/, '');
    expect(onlyExchange(assemble(readTrace({ p1: request, p2: reply }, trace)))).toMatchObject({
      verdict: 'dropped',
      request: { verdict: 'delivered' },
      reply: { verdict: 'dropped' },
      drop: { reason: 'NETFILTER_DROP', ifname: 'eth0' },
    });
  });

  it('waits for a packet that is held back longer than the time-out', () => {
    const trace = `
            0  s9  p1  c1/eth0  consume_skb  dref=2     # the neighbour is asked for
            1  s9  p1  c1/eth0  consume_skb  dref=2
      3000000  s1  p1  c1/eth0  kfree_skb    NEIGH_FAILED`;
    const assembler = createAssembler({ dropReasons });
    for (const hop of readTrace({ p1: request }, trace)) {
      assembler.advance(hop.t);
      assembler.add(hop);
    }
    expect(onlyExchange(assembler)).toMatchObject({ verdict: 'dropped', drop: { reason: 'NEIGH_FAILED' } });
  });
});

describe('one device', () => {
  it('shows one way out and one way in on lo', () => {
    const here = { ...request, dst: request.src };
    const trace = `
      1  s1  p1  host/lo  net_dev_queue
      2  s1  p1  host/lo  net_dev_start_xmit
      3  s1  p1  host/lo  netif_rx
      4  s1  p1  host/lo  netif_receive_skb
      6  s2  p2  host/lo  net_dev_queue
      7  s2  p2  host/lo  net_dev_start_xmit
      8  s2  p2  host/lo  netif_rx
      9  s1  p1  host/lo  consume_skb
     10  s2  p2  host/lo  netif_receive_skb
     11  s2  p2  host/lo  kfree_skb  NO_SOCKET dref=2
     15  s1  p2  -        consume_skb`;
    const exchange = onlyExchange(assemble(readTrace({ p1: here, p2: { ...here, type: 0 } }, trace)));
    expect(exchange.verdict).toBe('replied');
    expect(pathOf(exchange.request)).toEqual(['lo out 12', 'lo in 36']);
    expect(pathOf(exchange.reply)).toEqual(['lo out 12', 'lo in 36']);
  });

  it('crosses a device twice when the packet turns round', () => {
    const trace = `
      1  s1  p1  host/vethx1  netif_rx
      2  s1  p1  host/vethx1  netif_receive_skb
      3  s1  p1  host/vethx1  net_dev_queue
      4  s1  p1  host/vethx1  net_dev_start_xmit
      5  s1  p1  c1/eth0      netif_rx
      6  s1  p1  c1/eth0      net_dev_queue
      7  s1  p1  host/vethx1  netif_rx`;
    const exchange = onlyExchange(assemble(readTrace({ p1: request }, trace)));
    expect(pathOf(exchange.request)).toEqual([
      'vethx1 in 36',
      'vethx1 out 12',
      'eth0 in 3',
      'eth0 out 1',
      'vethx1 in 3',
    ]);
  });
});
