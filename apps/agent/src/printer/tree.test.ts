import { createAssembler, type Exchange } from '@hopscope/model';
import type { Namespace, TimeNs } from '@hopscope/protocol';
import { netnsId } from '@hopscope/protocol';
import picocolors from 'picocolors';
import { describe, expect, test } from 'vitest';
import type { FrameSpec } from '../../../../packages/model/src/test-headers.ts';
import { dropReasons, placeOf, readTrace } from '../../../../packages/model/src/test-trace.ts';
import { glyphsOf } from './glyphs.ts';
import { createSurroundings } from './surroundings.ts';
import { exchangeTree } from './tree.ts';

const NAMES = ['web', 'host', 'db', 'bystander'];

const surroundings = createSurroundings();
surroundings.onControl({
  type: 'topology',
  version: 1,
  topology: { namespaces: NAMES.map(namespaceOf) },
});

function namespaceOf(name: string): Namespace {
  const inum = placeOf(`${name}/eth0`).netns;
  return {
    id: netnsId(String(inum), inum),
    inum,
    cookie: String(inum),
    host: name === 'host',
    names: [{ text: name, source: 'netns', image: '', project: '' }],
    links: [],
    defaultRoutes: [],
  };
}

const context = {
  surroundings,
  glyphs: glyphsOf(true),
  colors: picocolors.createColors(false),
  epochNs: 1_700_000_000_000_000_000n,
};

function only(frames: Record<string, FrameSpec>, trace: string, missed = 0): Exchange {
  const assembler = createAssembler({ dropReasons });
  for (const hop of readTrace(frames, trace)) assembler.add(hop);
  assembler.noteMissed(missed);
  assembler.advance(1e13 as TimeNs);
  const exchanges = assembler.ids().map((id) => assembler.exchange(id));
  expect(exchanges).toHaveLength(1);
  return exchanges[0] as Exchange;
}

const treeOf = (frames: Record<string, FrameSpec>, trace: string, missed = 0): string[] =>
  exchangeTree(only(frames, trace, missed), context);

const request: FrameSpec = { src: '172.17.0.2', dst: '172.17.0.3', type: 8, id: 7, seq: 1, ipId: 0x1234 };
const reply: FrameSpec = { src: '172.17.0.3', dst: '172.17.0.2', type: 0, id: 7, seq: 1, ipId: 0x77 };

const there = `
   50.0  s3  p1  web/eth0    net_dev_queue
   50.9  s3  p1  web/eth0    net_dev_start_xmit
   52.0  s3  p1  host/veth1  netif_rx
   58.4  s3  p1  host/veth2  net_dev_queue
   59.5  s3  p1  db/eth0     netif_rx
   60.0  s3  p1  db/eth0     netif_receive_skb`;

describe('a tree', () => {
  test('has the namespaces in order, in each its devices, with the time and the stages at each', () => {
    const trace = `${there}
   80.9  s2  p2  db/eth0     net_dev_queue
   82.0  s2  p2  host/veth2  netif_rx
   84.3  s3  p1  db/eth0     consume_skb
   86.0  s2  p2  host/veth1  net_dev_queue
   87.0  s2  p2  web/eth0    netif_rx
   93.1  s2  p2  web/eth0    kfree_skb    NO_SOCKET dref=2`;
    expect(treeOf({ p1: request, p2: reply }, trace)).toEqual([
      '✓ ping 172.17.0.2 → 172.17.0.3 #7.001 (web → db)  replied in 37.0 µs  2023-11-14T22:13:20.000050Z',
      '├─ request',
      '│  ├─ web',
      '│  │  └─ eth0 out    0.0 µs  queued → +0.9 transmitted',
      '│  ├─ host',
      '│  │  ├─ veth1 in    2.0 µs  received',
      '│  │  └─ veth2 out   8.4 µs  queued',
      '│  └─ db',
      '│     └─ eth0 in     9.5 µs  received → +0.5 handled',
      '└─ reply 172.17.0.3 → 172.17.0.2',
      '   ├─ db',
      '   │  └─ eth0 out   30.9 µs  queued',
      '   ├─ host',
      '   │  ├─ veth2 in   32.0 µs  received',
      '   │  └─ veth1 out  36.0 µs  queued',
      '   └─ web',
      '      └─ eth0 in    37.0 µs  received',
    ]);
  });

  test('ends with the drop: reason, place, time and sentence', () => {
    const lines = treeOf(
      { p1: request },
      `${there.split('\n').slice(0, 4).join('\n')}\n 55 s3 p1 host/veth1 kfree_skb NETFILTER_DROP`,
    );
    expect(lines.slice(0, 1)).toEqual([
      '✕ ping 172.17.0.2 → 172.17.0.3 #7.001 (web)  dropped  2023-11-14T22:13:20.000050Z',
    ]);
    expect(lines.slice(-3)).toEqual([
      '   │  └─ veth1 in                 2.0 µs  received',
      '   └─ ✕ dropped at veth1 in host  5.0 µs  NETFILTER_DROP',
      expect.stringMatching(/^ {6}└─ [A-Z].* on veth1 in host.*\.$/),
    ]);
  });

  test('shows NAT before the device where it was first seen, and what the router counted down', () => {
    const lines = treeOf(
      { p1: request, 'p1.nat': { ...request, src: '192.0.2.2', id: 99 } },
      `1 s1 p1 web/eth0 net_dev_queue
       2 s1 p1 host/veth1 netif_rx
       9 s1 p1.nat host/eth0 net_dev_queue ttl=63`,
    );
    expect(lines.slice(-3)).toEqual([
      '      ├─ veth1 in  1.0 µs  received',
      '      ├─ nat: 172.17.0.2 → 172.17.0.3 id 7 becomes 192.0.2.2 → 172.17.0.3 id 99',
      '      └─ eth0 out  8.0 µs  queued  ttl 63',
    ]);
  });

  test('forks where a bridge floods', () => {
    const lines = treeOf(
      { p1: request },
      `1 s1 p1 web/eth0 net_dev_queue
       2 s1 p1 host/veth1 netif_rx
       3 s2 p1 host/veth3 net_dev_queue dref=2
       4 s2 p1 bystander/eth0 netif_rx dref=2
       5 s1 p1 host/veth2 net_dev_queue
       6 s1 p1 db/eth0 netif_rx
       7 s2 p1 bystander/eth0 kfree_skb OTHERHOST dref=2`,
    );
    const places = lines.slice(1).map((line) => line.replace(/ {2,}[\d.]+ µs.*/, ''));
    expect(places).toEqual([
      '└─ request',
      '   ├─ web',
      '   │  └─ eth0 out',
      '   └─ host',
      '      └─ veth1 in',
      '         ├─ veth3 out',
      '         │  └─ bystander',
      '         │     └─ eth0 in',
      '         └─ veth2 out',
      '            └─ db',
      '               └─ eth0 in',
    ]);
    expect(lines[5]).toMatch(/to 2 ports at once$/);
    expect(lines[6]).toMatch(/\[same data\]$/);
  });

  test('hangs an ICMP error on the packet that it quotes', () => {
    const error: FrameSpec = { src: '172.17.0.1', dst: '172.17.0.2', type: 11, code: 0, quoted: request };
    const lines = treeOf(
      { p1: request, p2: error },
      `1 s1 p1 web/eth0 net_dev_queue
       2 s1 p1 host/veth1 netif_rx
       3 s1 p1 host/veth1 kfree_skb NOT_SPECIFIED
       4 s2 p2 host/veth1 net_dev_queue
       5 s2 p2 web/eth0 netif_rx
       6 s2 p2 web/eth0 consume_skb`,
    );
    expect(lines[0]).toContain('  answered by an error  ');
    const at = lines.findIndex((line) => line.includes('error: time to live exceeded, 172.17.0.1 → 172.17.0.2'));
    expect(lines.slice(at).map((line) => line.replace(/ {2,}[\d.]+ µs.*/, ''))).toEqual([
      '   └─ error: time to live exceeded, 172.17.0.1 → 172.17.0.2',
      '      ├─ host',
      '      │  └─ veth1 out',
      '      └─ web',
      '         └─ eth0 in',
    ]);
  });

  test('puts what runs in a tunnel below it', () => {
    const wrapped: FrameSpec = {
      src: '10.0.0.1',
      dst: '10.0.0.2',
      tunnel: {
        kind: 'vxlan',
        id: 42,
        frame: { ...request, mac: { src: '02:00:00:00:00:01', dst: '02:00:00:00:00:02' } },
      },
    };
    const lines = treeOf(
      { p1: request, 'p1.wrapped': wrapped },
      `1 s1 p1 host/vxlan42 net_dev_queue
       2 s1 p1.wrapped host/eth0 net_dev_queue
       3 s1 p1.wrapped db/eth0 netif_rx
       4 s1 p1 db/vxlan42 netif_rx`,
    );
    expect(lines.slice(1).map((line) => line.replace(/ {2,}[\d.]+ µs.*/, ''))).toEqual([
      '└─ request',
      '   ├─ host',
      '   │  ├─ vxlan42 out',
      '   │  └─ in vxlan 42 10.0.0.1 → 10.0.0.2',
      '   │     └─ eth0 out',
      '   └─ db',
      '      ├─ in vxlan 42 10.0.0.1 → 10.0.0.2',
      '      │  └─ eth0 in',
      '      └─ vxlan42 in',
    ]);
  });

  test('counts later fragments in one line', () => {
    const fragment = (offsetBytes: number, more: boolean): FrameSpec => ({
      ...request,
      fragment: { offsetBytes, more },
    });
    const lines = treeOf(
      { p1: fragment(0, true), p2: fragment(1480, true), p3: fragment(2960, false) },
      `1 s1 p1 web/eth0 net_dev_queue
       2 s2 p2 web/eth0 net_dev_queue
       3 s3 p3 web/eth0 net_dev_queue
       4 s1 p1 host/veth1 netif_rx
       5 s2 p2 host/veth1 netif_rx
       6 s3 p3 host/veth1 netif_rx`,
    );
    expect(lines.at(-1)).toBe('   └─ 2 later fragments, last at veth1 in host  5.0 µs');
    expect(lines).toHaveLength(7);
  });

  test('of a UDP packet is its way alone; of TCP it has the flags', () => {
    const ways = (frame: FrameSpec) =>
      treeOf({ p1: frame }, '1 s1 p1 web/eth0 net_dev_queue\n2 s1 p1 host/veth1 netif_rx');
    const udp = ways({ src: '10.0.0.1', dst: '10.0.0.2', ports: [4000, 53] });
    expect(udp.map((line) => line.replace(/ {2,}[\d.]+ µs.*/, ''))).toEqual([
      '? udp 10.0.0.1:4000 → 10.0.0.2:53 (web)  lost sight  2023-11-14T22:13:20.000001Z',
      '├─ web',
      '│  └─ eth0 out',
      '└─ host',
      '   └─ veth1 in',
    ]);
    const tcp = ways({ src: 'fd00::1', dst: 'fd00::2', ports: [4000, 80], tcp: { seq: 1, flags: 0x12 } });
    expect(tcp[0]).toContain('tcp [fd00::1]:4000 → [fd00::2]:80 [S.] (web)');
  });

  test('says what is incomplete, and what was rebuilt', () => {
    const lines = treeOf({ p1: request }, there, 1);
    expect(lines[0]).toContain('incomplete: records were missed');
    const rebuilt = treeOf(
      { p1: request, p2: request },
      `1 s1 p1 web/eth0 net_dev_queue
       2 s1 p1 host/veth1 netif_rx
       3 s1 p1 host/veth1 consume_skb
       4 s2 p2 host/veth2 net_dev_queue
       5 s2 p2 db/eth0 netif_rx`,
    );
    expect(rebuilt[0]).toContain('weakest join: rebuilt');
    expect(rebuilt.filter((line) => line.endsWith('  [rebuilt]'))).toEqual([expect.stringContaining('veth2 out')]);
  });

  test('is drawn in ASCII where the locale has nothing else', () => {
    const lines = exchangeTree(only({ p1: request }, there), { ...context, glyphs: glyphsOf(false) });
    expect(lines.join('\n')).toMatch(/^[\x20-\x7e\n]+$/);
    expect(lines.slice(0, 4).map((line) => line.replace(/ {2,}[\d.]+ us.*/, ''))).toEqual([
      expect.stringContaining('? ping 172.17.0.2 -> 172.17.0.3 #7.001 (web'),
      '`- request',
      '   |- web',
      '   |  `- eth0 out',
    ]);
  });
});
