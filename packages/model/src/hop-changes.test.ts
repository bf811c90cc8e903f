import { describe, expect, it } from 'vitest';
import { hopChanges } from './hop-changes.ts';
import { assemble, exchangesOf } from './test-assemble.ts';
import type { FrameSpec } from './test-headers.ts';
import { readTrace } from './test-trace.ts';

const ping: FrameSpec = { src: '172.17.0.2', dst: '198.51.100.9', type: 8, id: 1, seq: 1, ttl: 64 };

function changesOf(frames: Record<string, FrameSpec>, trace: string): string[] {
  const [exchange] = exchangesOf(assemble(readTrace(frames, trace)));
  const journey = exchange?.request;
  if (journey == null) throw new Error('no request');
  return journey.crossings.map(({ ifname }, i) => {
    const changes = hopChanges(journey, i).map(({ field, before, after }) => `${field} ${before}→${after}`);
    return [ifname, ...changes].join(', ');
  });
}

describe('what a hop changed in the headers', () => {
  it('is told since the hop before it', () => {
    const frames = { p1: ping, p1n: { ...ping, src: '192.0.2.2', ttl: 63 } };
    const trace = `
      1.0  s1  p1   web/eth0    net_dev_queue
      2.0  s1  p1   host/veth1  netif_rx
      3.0  s1  p1n  host/eth0   net_dev_queue
      4.0  s1  p1n  out/lan0    netif_rx`;
    expect(changesOf(frames, trace)).toEqual([
      'eth0',
      'veth1',
      'eth0, ip.src 172.17.0.2→192.0.2.2, ip.ttl 64→63',
      'lan0',
    ]);
  });

  it('on a flooded branch is told since where the branch began, not since the other branch', () => {
    const frames = { p1: ping, p1t: { ...ping, ttl: 63 } };
    const trace = `
      1.0  s1  p1   web/eth0    net_dev_queue
      2.0  s1  p1   host/veth1  netif_rx
      3.0  s2  p1   host/veth2  net_dev_queue dref=2
      4.0  s2  p1t  db/eth0     netif_rx dref=2
      5.0  s1  p1   host/veth3  net_dev_queue
      6.0  s1  p1   app/eth0    netif_rx`;
    expect(changesOf(frames, trace)).toEqual(['eth0', 'veth1', 'veth2', 'eth0, ip.ttl 64→63', 'veth3', 'eth0']);
  });

  it('of fragments is told among those of the same offset', () => {
    const first = { ...ping, fragment: { offsetBytes: 0, more: true } };
    const second = { ...ping, fragment: { offsetBytes: 1480, more: false } };
    const frames = { p1: first, p2: second, p1t: { ...first, ttl: 63 }, p2t: { ...second, ttl: 62 } };
    const trace = `
      1.0  s1  p1   web/eth0    net_dev_queue
      1.5  s2  p2   web/eth0    net_dev_queue
      2.0  s1  p1t  host/veth1  netif_rx
      2.5  s2  p2t  host/veth1  netif_rx`;
    expect(changesOf(frames, trace)).toEqual(['eth0', 'eth0', 'veth1, ip.ttl 64→63', 'veth1, ip.ttl 64→62']);
  });
});
