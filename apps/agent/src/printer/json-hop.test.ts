import { safeJson, stageName } from '@hopscope/model';
import type { Hop } from '@hopscope/protocol';
import { expect, test } from 'vitest';
import { type HopSpec, makeHop } from '../../../../packages/model/src/test-hops.ts';
import { createHopViewer, type HopView, viewHop } from './hop-view.ts';
import { createHopJson } from './json-hop.ts';
import { createSurroundings } from './surroundings.ts';

const EPOCH_NS = 1_700_000_000_000_000_000n;
const NAME = 'we\u009b"b\\';
const frame = { src: '172.17.0.1', dst: '172.17.0.2', type: 8, id: 17146, seq: 1 };
const later = { ...frame, fragment: { offsetBytes: 1480, more: false } };

const HOPS: readonly HopSpec[] = [
  { netns: 1, ifname: 'eth0', t: 1, packet: 1, frame },
  { netns: 2, ifname: 'a"\u202e\\', t: 2, packet: 1, stage: 'netif_rx', frame },
  { netns: 2, ifname: 'eth1', t: 3, packet: 65, frame: { ...frame, seq: 2 } },
  { netns: 2, ifname: 'eth1', t: 4, packet: 1, frame: { ...frame, src: '10.0.0.9' } },
  { netns: 2, ifname: 'eth1', t: 5, packet: 1, stage: 'kfree_skb', frame: { ...frame, type: 0 } },
  { netns: 2, ifname: 'eth1', t: 6, packet: 3, frame: later },
];

/** As plain as can be: what the line has to say, written by JSON.stringify. */
function plainJson(hop: Hop, { packet, src, dst, echo, kind }: HopView, drop: object | null): string {
  const { family, protocol, icmp, ports, tcp, quoted } = packet;
  return safeJson({
    schema: 1,
    type: 'hop',
    t: String(EPOCH_NS + BigInt(hop.t)),
    netns: hop.netnsInum,
    netnsName: NAME,
    ifindex: hop.ifindex,
    ifname: hop.ifname,
    stage: stageName(hop.stage),
    packet: String(hop.packet),
    family,
    src,
    dst,
    len: hop.len,
    protocol,
    icmp: icmp === null ? null : { ...icmp, ...echo },
    kind,
    ...(ports === null ? {} : { ports }),
    ...(tcp === null ? {} : { tcp }),
    ...(quoted === null ? {} : { quoted: { src: quoted.src, dst: quoted.dst } }),
    ...(drop === null ? {} : { drop }),
  });
}

test('is what JSON.stringify makes of it, also when hops of several packets come in turn', () => {
  const hopJson = createHopJson(1, {
    epochNs: EPOCH_NS,
    surroundings: { ...createSurroundings(), netnsName: () => NAME },
  });
  const viewOf = createHopViewer();
  for (const spec of [...HOPS, ...HOPS.toReversed()]) {
    const hop = makeHop(spec);
    const view = viewHop(hop, undefined);
    if (view === null) throw new Error('it does not parse');
    expect(viewOf(hop, () => undefined)).toEqual(view);
    for (const drop of [null, { reason: 'A"\u200e', location: 'b+0x1' }]) {
      const text = hopJson(hop, viewOf(hop, () => undefined) as HopView, drop);
      expect(text).toBe(plainJson(hop, view, drop));
    }
  }
});

test('hops with the same headers share a view', () => {
  const viewOf = createHopViewer();
  const [first, second, other] = HOPS.map((spec) => viewOf(makeHop(spec), () => undefined));
  expect(second).toBe(first);
  expect(other).not.toBe(first);
});
