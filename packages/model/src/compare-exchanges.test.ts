import { describe, expect, it, test } from 'vitest';
import { compareExchanges } from './compare-exchanges.ts';
import { headerChanges } from './header-changes.ts';
import { assemble, exchangesOf } from './test-assemble.ts';
import type { FrameSpec } from './test-headers.ts';
import { readTrace } from './test-trace.ts';

const worked: FrameSpec = { src: '172.17.0.2', dst: '198.51.100.9', type: 8, id: 1, seq: 1, ttl: 64 };
const failed: FrameSpec = { ...worked, seq: 2 };
const masqueraded: FrameSpec = { ...worked, src: '192.0.2.2', id: 77, ttl: 63 };

const [left, right] = exchangesOf(
  assemble(
    readTrace(
      { p1: worked, p1n: masqueraded, p2: failed },
      `
   1.0  s1  p1   web/eth0    net_dev_queue
   2.0  s1  p1   host/veth1  netif_rx
   3.0  s1  p1n  host/eth0   net_dev_queue
   4.0  s1  p1n  out/lan0    netif_rx
   5.0  s1  p1n  out/lan0    consume_skb
 101.0  s2  p2   web/eth0    net_dev_queue
 107.0  s2  p2   host/veth1  netif_rx
 108.0  s2  p2   host/veth1  kfree_skb  NETFILTER_DROP`,
    ),
  ),
);
if (left === undefined || right === undefined) throw new Error('two exchanges');

describe('two exchanges side by side', () => {
  const { hops, firstDifference } = compareExchanges(left, right);

  it('have the same devices in one row, with the difference in time', () => {
    expect(hops.map((hop) => [hop.left?.crossing.ifname, hop.right?.crossing.ifname, hop.differenceNs])).toEqual([
      ['eth0', 'eth0', 0],
      ['veth1', 'veth1', 5000],
      ['eth0', undefined, null],
      ['lan0', undefined, null],
    ]);
  });
  it('differ first where only one went on', () => {
    expect(firstDifference).toBe(2);
    expect(compareExchanges(left, left).firstDifference).toBe(null);
  });
  it('turned round say the same the other way round', () => {
    const turned = compareExchanges(right, left);
    expect(turned.firstDifference).toBe(firstDifference);
    expect(turned.hops.map((hop) => [hop.right, hop.left])).toEqual(hops.map((hop) => [hop.left, hop.right]));
  });
});

describe('what changed in the headers', () => {
  const crossings = left.request?.crossings ?? [];
  const changesAt = (i: number) => {
    const [before, after] = [crossings[i - 1]?.packet, crossings[i]?.packet];
    if (before === undefined || after === undefined) throw new Error('no such hop');
    return headerChanges(before, after);
  };

  it('is nothing on a wire', () => {
    expect(changesAt(1)).toEqual([]);
  });
  it('is what routing and translation did', () => {
    expect(changesAt(2)).toEqual([
      { field: 'ip.src', before: '172.17.0.2', after: '192.0.2.2', what: 'source translated' },
      { field: 'ip.ttl', before: '64', after: '63', what: 'TTL lowered' },
      { field: 'icmp.id', before: '1', after: '77', what: 'ICMP id translated' },
    ]);
  });

  const packet = crossings[0]?.packet;
  if (packet === undefined) throw new Error('a packet');
  const vxlan = { kind: 'vxlan', src: '10.0.0.1', dst: '10.0.0.2', id: 42 };
  test.each([
    [{ vlans: [7] }, { vlans: [] }, 'VLAN removed', '7', ''],
    [{}, { vlans: [7, 8] }, 'VLAN added', '', '7 in 8'],
    [{}, { outer: [vxlan] }, 'tunnel added', '', 'vxlan 42 10.0.0.1 → 10.0.0.2'],
    [{ family: 6 as const }, { family: 6 as const, ttl: 63 }, 'hop limit lowered', '64', '63'],
    [{}, { fragment: { offsetBytes: 0, more: true } }, 'fragment added', '', 'at byte 0, more follow'],
    [{ ports: { src: 1, dst: 53 } }, { ports: { src: 1, dst: 5353 } }, 'destination port translated', '53', '5353'],
  ])('%o → %o: %s', (from, to, what, before, after) => {
    const changes = headerChanges({ ...packet, ...from }, { ...packet, ...to });
    expect(changes.map(({ field: _, ...rest }) => rest)).toEqual([{ what, before, after }]);
  });
});
