import { describe, expect, it } from 'vitest';
import { roundTripsOf, segmentsOf } from './exchange-times.ts';
import { assemble, exchangesOf, onlyExchange } from './test-assemble.ts';
import type { FrameSpec } from './test-headers.ts';
import { readTrace } from './test-trace.ts';

const request: FrameSpec = { src: '172.17.0.2', dst: '172.17.0.3', type: 8, id: 7, seq: 1, ipId: 0x1234 };
const reply: FrameSpec = { src: '172.17.0.3', dst: '172.17.0.2', type: 0, id: 7, seq: 1, ipId: 0x77 };

const bridged = `
   50.0  s3  p1  c1/eth0      net_dev_queue
   50.9  s3  p1  c1/eth0      net_dev_start_xmit
   52.0  s3  p1  host/vethx1  netif_rx
   58.4  s3  p1  host/vethx2  net_dev_queue
   59.5  s3  p1  c2/eth0      netif_rx
   80.9  s2  p2  c2/eth0      net_dev_queue
   82.0  s2  p2  host/vethx2  netif_rx
   84.3  s3  p1  c2/eth0      consume_skb
   86.0  s2  p2  host/vethx1  net_dev_queue
   86.5  s2  p2  host/vethx1  net_dev_start_xmit
   87.0  s2  p2  c1/eth0      netif_rx
   87.9  s2  p2  c1/eth0      netif_receive_skb
   93.1  s2  p2  c1/eth0      kfree_skb    NO_SOCKET dref=2`;

const roundTrips = (frames: Record<string, FrameSpec>, trace: string): string[] =>
  roundTripsOf(onlyExchange(assemble(readTrace(frames, trace)))).map(
    ({ ifname, way, rttNs }) => `${ifname} ${way} ${rttNs}`,
  );
const segments = (frames: Record<string, FrameSpec>, trace: string): string[] =>
  segmentsOf(onlyExchange(assemble(readTrace(frames, trace)))).map(
    ({ from, to, outNs, backNs }) => `${from.ifname} ${to.ifname} ${outNs} ${backNs}`,
  );

describe('the round trip seen from each device', () => {
  it('is from the request there to the reply there, and for the first device that of the exchange', () => {
    const exchange = onlyExchange(assemble(readTrace({ p1: request, p2: reply }, bridged)));
    expect(roundTripsOf(exchange).map(({ ifname, way, rttNs }) => [ifname, way, rttNs])).toEqual([
      ['eth0', 'out', 37_900],
      ['vethx1', 'in', 34_500],
      ['vethx2', 'out', 23_600],
      ['eth0', 'in', 21_400],
    ]);
    expect(roundTripsOf(exchange)[0]?.rttNs).toBe(exchange.rttNs);
  });

  it('is not known without a reply, without a request, and where the reply did not come by', () => {
    const otherWay = bridged.replace(/.*p2 {2}host\/vethx2.*/, '82.0 s2 p2 host/vethx9 netif_rx');
    expect(roundTrips({ p1: request, p2: reply }, otherWay)).toEqual([
      ...['eth0 out 37900', 'vethx1 in 34500'],
      ...['vethx2 out null', 'eth0 in 21400'],
    ]);
    const unanswered = bridged.replaceAll(/.*p2 .*/g, '');
    expect(roundTrips({ p1: request }, unanswered)[0]).toBe('eth0 out null');
    expect(roundTrips({ p2: reply }, bridged.replaceAll(/.*p1 .*/g, ''))).toEqual([]);
  });

  it('goes back in the opposite order through a device crossed twice', () => {
    const trace = `
      1  s1  p1  r/eth0  net_dev_queue
      2  s1  p1  r/eth1  netif_rx
      3  s1  p1  r/eth0  net_dev_queue
      4  s1  p1  o/up    netif_rx
      5  s2  p2  o/up    net_dev_queue
      6  s2  p2  r/eth0  netif_rx
      7  s2  p2  r/eth1  net_dev_queue
      9  s2  p2  r/eth0  netif_rx`;
    expect(roundTrips({ p1: request, p2: reply }, trace)).toEqual([
      ...['eth0 out 8000', 'eth1 in 5000'],
      ...['eth0 out 3000', 'up in 1000'],
    ]);
  });
});

describe('the stretches between devices', () => {
  it('add up to the way there and the way back', () => {
    expect(segments({ p1: request, p2: reply }, bridged)).toEqual([
      ...['eth0 vethx1 2000 1000', 'vethx1 vethx2 6400 4000'],
      'vethx2 eth0 1100 1100',
    ]);
  });

  it('are none on a loopback, where one device is crossed both ways', () => {
    const trace = `
      1  s1  p1  host/lo  net_dev_queue
      2  s1  p1  host/lo  netif_rx
      4  s2  p2  host/lo  net_dev_queue
      5  s2  p2  host/lo  netif_rx`;
    expect(segments({ p1: request, p2: reply }, trace)).toEqual([]);
    expect(roundTrips({ p1: request, p2: reply }, trace)).toEqual(['lo out 4000', 'lo in 2000']);
  });

  it('follow each branch of a flooded request from where it left', () => {
    const flood = `
      1  s1  p1  c1/eth0      net_dev_queue
      2  s1  p1  host/vethx1  netif_rx
      3  s2  p1  host/vethx2  net_dev_queue
      4  s1  p1  host/vethx3  net_dev_queue
      5  s2  p1  c2/eth2      netif_rx
      6  s1  p1  c3/eth3      netif_rx`;
    expect(segments({ p1: request }, flood)).toEqual([
      ...['eth0 vethx1 1000 null', 'vethx1 vethx2 1000 null', 'vethx1 vethx3 2000 null'],
      ...['vethx2 eth2 2000 null', 'vethx3 eth3 2000 null'],
    ]);
  });

  it('count a fragmented packet once', () => {
    const first = { ...request, fragment: { offsetBytes: 0, more: true } };
    const later = { ...request, fragment: { offsetBytes: 1480, more: false } };
    const trace = `
      1  s1  p1  c1/eth0      net_dev_queue
      2  s2  p3  c1/eth0      net_dev_queue
      3  s1  p1  host/vethx1  netif_rx
      4  s2  p3  host/vethx1  netif_rx`;
    expect(exchangesOf(assemble(readTrace({ p1: first, p3: later }, trace)))[0]?.request?.crossings).toHaveLength(4);
    expect(segments({ p1: first, p3: later }, trace)).toEqual(['eth0 vethx1 2000 null']);
  });
});
