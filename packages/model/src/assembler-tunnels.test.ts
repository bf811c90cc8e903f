// A packet in a tunnel stays the same packet; each crossing says what it was wrapped in there.
import { describe, expect, it } from 'vitest';
import { explainDrop } from './drops/explain-drop.ts';
import { gatherEvidence } from './drops/gather-evidence.ts';
import type { Exchange } from './exchange.ts';
import { outermostOf } from './outermost.ts';
import { assemble, exchangesOf, onlyExchange, pathOf } from './test-assemble.ts';
import type { FrameSpec, TunnelSpec } from './test-headers.ts';
import { readTrace } from './test-trace.ts';

const mac = { src: '0a:00:00:00:00:01', dst: '0a:00:00:00:00:02' };
const request: FrameSpec = { src: '10.0.0.1', dst: '10.0.0.2', type: 8, id: 7, seq: 1, ipId: 0x1234 };
const reply: FrameSpec = { src: '10.0.0.2', dst: '10.0.0.1', type: 0, id: 7, seq: 1, ipId: 0x77 };

const outers: [string, (frame: FrameSpec, back: boolean) => FrameSpec][] = [
  ['VXLAN over IPv4', wrap({ kind: 'vxlan', id: 42 }, '192.0.2.1', '192.0.2.2')],
  ['VXLAN over IPv6', wrap({ kind: 'vxlan', id: 42 }, 'fd00::1', 'fd00::2')],
  ['Geneve', wrap({ kind: 'geneve', id: 42 }, '192.0.2.1', '192.0.2.2')],
  ['GRE with a key', wrap({ kind: 'gre', id: 42 }, '192.0.2.1', '192.0.2.2')],
  ['IPIP', wrap({ kind: 'ip' }, '192.0.2.1', '192.0.2.2')],
];

function wrap(tunnel: Omit<TunnelSpec, 'frame'>, here: string, there: string) {
  return (frame: FrameSpec, isBack: boolean): FrameSpec => {
    const inner = tunnel.kind === 'vxlan' || tunnel.kind === 'geneve' ? { ...frame, mac } : frame;
    const [src, dst] = isBack ? [there, here] : [here, there];
    return { src, dst, ttl: 64, ...(src.includes(':') ? {} : { ipId: 0 }), tunnel: { ...tunnel, frame: inner } };
  };
}

const through = `
   1  s1  p1    a/eth0  net_dev_queue
   2  s1  p1    ra/lan  netif_rx
   3  s1  p1    ra/tun  net_dev_queue
   4  s1  p1.t  ra/up   net_dev_queue
   5  s1  p1.t  rb/up   netif_rx
   6  s1  p1.t  rb/up   netif_receive_skb
   7  s1  p1    rb/tun  napi_gro_receive_entry
   8  s1  p1    rb/tun  netif_receive_skb
  10  s2  p2    rb/tun  net_dev_queue
  11  s2  p2.t  rb/up   net_dev_queue
  12  s1  p1    rb/tun  consume_skb
  13  s2  p2.t  ra/up   netif_rx
  14  s2  p2    ra/tun  napi_gro_receive_entry
  15  s2  p2    ra/lan  net_dev_queue
  16  s2  p2    a/eth0  netif_rx
  17  s2  p2    a/eth0  kfree_skb  NO_SOCKET dref=2
  18  s2  p2    -       consume_skb`;

const nesting = (exchange: Exchange): string[] =>
  (exchange.request?.crossings ?? []).map(
    ({ ifname, packet }) => `${ifname} ${packet.outer.map(({ id }) => id ?? '-').join(' ')}`,
  );

describe.each(outers)('through %s', (name, outer) => {
  const frames = { p1: request, 'p1.t': outer(request, false), p2: reply, 'p2.t': outer(reply, true) };
  const id = name === 'IPIP' ? '-' : '42';

  it('is one journey each way, back the same way, and shows what it was wrapped in where', () => {
    const exchange = onlyExchange(assemble(readTrace(frames, through)));
    expect(exchange).toMatchObject({ verdict: 'replied', join: 'same-skb', src: request.src, isOtherWayBack: false });
    expect(pathOf(exchange.request)).toEqual([
      ...['eth0 out 1', 'lan in 3', 'tun out 1', 'up out 1', 'up in 36', 'tun in 46'],
    ]);
    expect(nesting(exchange)).toEqual(['eth0 ', 'lan ', 'tun ', `up ${id}`, `up ${id}`, 'tun ']);
    expect(exchange.tuples.map(({ src }) => src)).toEqual([request.src, reply.src]);
  });

  it('is the same skb where the headers needed a new data area', () => {
    const expanded = through.replaceAll('p1.t', 'p3').replaceAll(/p1 (.*rb)/g, 'p3.i $1');
    const more = { ...frames, p3: outer(request, false), 'p3.i': request };
    const exchange = onlyExchange(assemble(readTrace(more, expanded)));
    expect(exchange).toMatchObject({ verdict: 'replied', join: 'same-skb', request: { packets: [1, 3] } });
    expect(nesting(exchange)).toEqual(['eth0 ', 'lan ', 'tun ', `up ${id}`, `up ${id}`, 'tun ']);
  });

  it('is the same skb there, too, when the device under the tunnel is in another namespace', () => {
    const expanded = through
      .replaceAll('p1.t', 'p3')
      .replaceAll(/p1 (.*rb)/g, 'p3.i $1')
      .replaceAll('ra/up', 'host/up');
    const more = { ...frames, p3: outer(request, false), 'p3.i': request };
    expect(onlyExchange(assemble(readTrace(more, expanded)))).toMatchObject({
      ...{ verdict: 'replied', join: 'same-skb', request: { packets: [1, 3] } },
    });
  });

  it('is rebuilt where the skb was replaced on the wire, known by what is inside', () => {
    const rebuilt = through
      .replaceAll(/s1 {2}p1(\S* +rb)/g, 's9  p9$1')
      .replace('p9  ', 'p9.i')
      .replaceAll('p9  ', 'p9.i');
    const trace = `${rebuilt}\n 4.5 s1 p1.t rb/up consume_skb`;
    const more = { ...frames, 'p9.t': outer(request, false), 'p9.i': request };
    const exchange = onlyExchange(assemble(readTrace(more, trace).sort((a, b) => a.t - b.t)));
    expect(exchange).toMatchObject({ verdict: 'replied', join: 'rebuilt', request: { packets: [1, 9] } });
  });
});

it('two tunnels with the same packets inside are two paths', () => {
  const twice = [1, 2].flatMap((n) =>
    readTrace(
      {
        p1: request,
        'p1.t': wrap({ kind: 'vxlan', id: n }, '192.0.2.1', '192.0.2.2')(request, false),
        p2: reply,
        'p2.t': reply,
      },
      through.replaceAll(/(a|ra|rb)\//g, `$1${n}/`),
    ).map((hop) => ({
      ...hop,
      packet: (hop.packet * 10 + n) as typeof hop.packet,
      skb: (hop.skb * 10 + n) as typeof hop.skb,
    })),
  );
  const exchanges = exchangesOf(assemble(twice.sort((a, b) => a.t - b.t)));
  expect(exchanges.map(({ request: there, reply: back, verdict }) => [there?.packets, back?.packets, verdict])).toEqual(
    [
      [[11], [21], 'replied'],
      [[12], [22], 'replied'],
    ],
  );
});

it('names the address that there was no route to, which is the tunnel, not what it carries', () => {
  const [, outer] = outers[0] ?? [];
  const frames = { p1: request, 'p1.t': outer?.(request, false) ?? request };
  const hops = readTrace(
    frames,
    `
      1  s1  p1    a/tun  net_dev_queue
      2  s1  p1.t  a/up   net_dev_start_xmit
      3  s1  p1.t  b/up   netif_rx
      4  s1  p1.t  b/up   kfree_skb  IP_INNOROUTES`,
  );
  const assembler = assemble(hops);
  const exchange = onlyExchange(assembler);
  expect(exchange).toMatchObject({ verdict: 'dropped', dst: request.dst, drop: { reason: 'IP_INNOROUTES' } });
  const sentence = explainDrop(exchange, gatherEvidence(exchange, { namespaces: [] }, {}));
  expect(sentence).toContain('There is no route to 192.0.2.2');
  expect(exchange.drop && outermostOf(exchange.drop.packet)).toMatchObject({ protocol: 'udp', family: 4, icmp: null });
});
