// C9: what the kernel does to packets besides handing them on: XDP, NAPI with GRO, VXLAN, macvlan, extension headers, fragments.
// Each ping is one journey there and one back.
//
// The truth is the traffic's own numbering: every ping answered, each number once, with its devices written down here.
import { join } from 'node:path';
import { type Lab, type LabTopology, startLab } from '@hopscope/lab';
import type { Exchange } from '@hopscope/model';
import { afterEach, expect, test } from 'vitest';
import { exchangesOf, hopsOf, journeysOf, placesOf, stageName } from './support/exchanges.ts';
import { type Extension, ethernet, fragment6, icmp6, ipv6, options6, routing6 } from './support/frames.ts';
import { describeUnless, whyNoPrograms, whyNotRoot } from './support/privilege.ts';
import { startRecorder } from './support/recorder.ts';
import { pingIn, runIn } from './support/run.ts';
import { recordScore } from './support/scores.ts';

const INJECT = join(import.meta.dirname, 'support/inject.py');
const OFFLOAD = join(import.meta.dirname, 'support/offload.py');
const PINGS = 200;
const ID = 4_716;
const RING_BYTES = 2 ** 26;
const IP = { left: '10.79.0.1', right: '10.79.0.2', left6: 'fd00:79::1', right6: 'fd00:79::2' };
const MAC = { left: '02:00:00:00:79:01', right: '02:00:00:00:79:02' };

const there = ['left/eth0 out', 'right/eth0 in'];
const back = ['right/eth0 out', 'left/eth0 in'];

/** Two hosts on one wire. */
function pair(more: Partial<LabTopology['namespaces'][number]> = {}): LabTopology {
  return {
    namespaces: [
      { name: 'left', addresses: { eth0: [`${IP.left}/24`, `${IP.left6}/64`] }, ...more },
      { name: 'right', addresses: { eth0: [`${IP.right}/24`, `${IP.right6}/64`] }, ...more },
    ],
    wires: [
      {
        a: { namespace: 'left', name: 'eth0', mac: MAC.left },
        b: { namespace: 'right', name: 'eth0', mac: MAC.right },
      },
    ],
  };
}

describeUnless(whyNotRoot(), whyNoPrograms())('C9: one journey each', () => {
  let lab: Lab;
  afterEach(() => lab?.stop());
  const nameOf = (inum: number) => lab.namespaces.find((each) => each.inum === inum)?.name ?? String(inum);

  async function record(send: () => Promise<unknown>): Promise<Exchange[]> {
    const recorder = startRecorder({ netns: lab.namespaces.map(({ inum }) => inum), ringBytes: RING_BYTES });
    try {
      await send();
    } finally {
      recorder.capture.detach();
    }
    return exchangesOf(recorder.stop()).filter(({ icmpId }) => icmpId === ID);
  }

  async function pings(to: string, flags: readonly string[] = [], from = 'left'): Promise<Exchange[]> {
    await pingIn(lab, from, '-c', '1', to);
    return record(() => pingIn(lab, from, '-e', `${ID}`, '-c', `${PINGS}`, '-i', '0.002', ...flags, to));
  }

  /** Every number once, answered, there and back by these devices, and every hop of that number. */
  function expectJourneys(
    exchanges: readonly Exchange[],
    request: readonly string[],
    reply: readonly string[],
    count = PINGS,
    verdict: Exchange['verdict'] = 'replied',
  ): void {
    expect(exchanges.map(({ icmpSeq }) => icmpSeq)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
    for (const exchange of exchanges) {
      expect(exchange.verdict).toBe(verdict);
      expect(placesOf(exchange.request, nameOf)).toEqual(request);
      expect(placesOf(exchange.reply, nameOf)).toEqual(reply);
    }
    const wrong = exchanges.flatMap((exchange) =>
      journeysOf(exchange).flatMap(({ crossings }) =>
        crossings.filter(({ packet }) => packet.icmp !== null && packet.icmp.seq !== exchange.icmpSeq),
      ),
    );
    expect(wrong).toEqual([]);
  }

  const stagesSeen = (exchanges: readonly Exchange[]) => new Set(exchanges.flatMap(hopsOf).map(stageName));
  const joinsOf = (exchanges: readonly Exchange[]) =>
    [...new Set(exchanges.map(({ join: reason }) => reason))].join(', ');
  function score(claim: string, exchanges: readonly Exchange[], more: Record<string, number | string> = {}): void {
    recordScore('C9', claim, {
      exchanges: exchanges.length,
      joins: joinsOf(exchanges),
      ...more,
      'wrong joins': 0,
    });
  }

  test.each([
    ['IPv4', IP.right],
    ['IPv6', IP.right6],
  ])('through veths with XDP programs, which are polled (NAPI): %s', async (family, to) => {
    lab = await startLab(pair({ xdp: { eth0: { program: 'pass' } } }));
    const exchanges = await pings(to);
    expectJourneys(exchanges, there, back);
    expect(stagesSeen(exchanges)).toContain('napi_gro_receive_entry');
    score(`veth with an XDP program and NAPI, ${family}`, exchanges);
  });

  test.each(['on', 'off'])('with GRO %s', async (state) => {
    lab = await startLab(pair());
    for (const name of ['left', 'right']) {
      for (const what of ['tso', 'gro']) {
        const wanted = what === 'tso' ? 'off' : state;
        const { status, text } = await runIn(lab, name, ['python3', OFFLOAD, 'eth0', what, wanted]);
        expect([status, text]).toEqual([0, '']);
      }
    }
    const exchanges = await pings(IP.right);
    expectJourneys(exchanges, there, back);
    expect(stagesSeen(exchanges).has('napi_gro_receive_entry')).toBe(state === 'on');
    score(`GRO ${state}`, exchanges);
  });

  test('through a VXLAN: the ping inside, the tunnel around it', async () => {
    const tunnel = (local: string, remote: string) => ({
      vx0: `type vxlan id 79 local ${local} remote ${remote} dstport 4789`,
    });
    const topology = pair();
    const [left, right] = topology.namespaces as [LabTopology['namespaces'][number], LabTopology['namespaces'][number]];
    lab = await startLab({
      ...topology,
      namespaces: [
        {
          ...left,
          links: tunnel(IP.left, IP.right),
          addresses: { ...left.addresses, vx0: ['10.80.0.1/24', 'fd00:80::1/64'] },
        },
        {
          ...right,
          links: tunnel(IP.right, IP.left),
          addresses: { ...right.addresses, vx0: ['10.80.0.2/24', 'fd00:80::2/64'] },
        },
      ],
    });
    for (const [family, to] of [
      ['IPv4', '10.80.0.2'],
      ['IPv6', 'fd00:80::2'],
    ] as const) {
      const exchanges = await pings(to);
      const inside = (way: readonly string[]) => [
        way[0]?.replace('eth0', 'vx0') ?? '',
        ...way,
        way[1]?.replace('eth0', 'vx0') ?? '',
      ];
      expectJourneys(exchanges, inside(there), inside(back));
      for (const { request, reply } of exchanges) {
        for (const [journey, src, dst] of [
          [request, IP.left, IP.right],
          [reply, IP.right, IP.left],
        ] as const) {
          const around = (journey?.crossings ?? []).map(({ packet }) => packet.outer);
          const outer = [{ kind: 'vxlan', src, dst, id: 79 }];
          expect(around).toEqual([[], outer, outer, []]);
        }
      }
      score(`VXLAN, ${family} inside`, exchanges, { 'tunnel shown on the wire': exchanges.length * 2 });
    }
  });

  test('between a macvlan and the host on the other end of its wire', async () => {
    const topology = pair();
    const [left, right] = topology.namespaces as [LabTopology['namespaces'][number], LabTopology['namespaces'][number]];
    lab = await startLab({
      ...topology,
      namespaces: [left, right, { name: 'above', addresses: { mv0: ['10.79.0.3/24', 'fd00:79::3/64'] } }].map(
        (namespace) =>
          namespace.name === 'right'
            ? { ...namespace, links: { mv0: 'link eth0 netns above type macvlan mode bridge' } }
            : namespace,
      ),
    });
    for (const [family, above, target] of [
      ['IPv4', '10.79.0.3', IP.left],
      ['IPv6', 'fd00:79::3', IP.left6],
    ] as const) {
      // The kernel hands up to a macvlan without any tracepoint: its way in shows by where the packet is let go of, and by the reply.
      const inward = await pings(above);
      expectJourneys(inward, there, ['above/mv0 out', ...back]);
      const outward = await pings(target, [], 'above');
      expectJourneys(outward, ['above/mv0 out', ...back], there);
      score(`macvlan, ${family}`, [...inward, ...outward]);
    }
  });

  const chains: readonly (readonly [string, readonly Extension[]])[] = [
    ['hop-by-hop options', [options6(0)]],
    ['a routing header', [routing6()]],
    ['destination options', [options6(60)]],
    ['an atomic fragment header', [fragment6(0x7900, 0, false)]],
    ['four of them', [options6(0), routing6(), fragment6(0x7901, 0, false), options6(60)]],
  ];
  test('IPv6 with extension headers', async () => {
    lab = await startLab(pair());
    await pingIn(lab, 'left', '-c', '1', IP.right6);
    const ends = { src: IP.left6, dst: IP.right6 };
    const frames = chains.flatMap(([, extensions], nth) =>
      Array.from({ length: 20 }, (_, i) =>
        ethernet(
          { src: MAC.left, dst: MAC.right },
          0x86dd,
          ipv6({ ...ends, extensions }, icmp6(ends, { id: ID, seq: nth * 20 + i + 1 })),
        ),
      ),
    );
    const lines = frames.map((frame) => `${frame.toString('hex')}\n`).join('');
    const exchanges = await record(() => runIn(lab, 'left', ['python3', INJECT, 'eth0', '0.001'], lines));
    // Nobody waits for the replies to crafted frames: they come back, and die where a ping would have read them.
    expectJourneys(exchanges, there, back, frames.length, 'dropped');
    expect(new Set(exchanges.map(({ drop }) => drop?.reason))).toEqual(new Set(['NO_SOCKET']));
    score('IPv6 with extension headers', exchanges, { 'kinds of header chain': chains.length });
  });

  test.each([
    ['IPv4', IP.right],
    ['IPv6', IP.right6],
  ])('fragments of one packet are one journey: %s', async (family, to) => {
    lab = await startLab(pair());
    const exchanges = await pings(to, ['-s', '4000']);
    const thrice = (way: readonly string[]) => way.flatMap((place) => [place, place, place]).sort();
    expect(exchanges.map(({ icmpSeq }) => icmpSeq)).toEqual(Array.from({ length: PINGS }, (_, i) => i + 1));
    let fragments = 0;
    for (const exchange of exchanges) {
      expect(exchange.verdict).toBe('replied');
      // Three fragments each way, each with crossings of its own.
      expect(placesOf(exchange.request, nameOf).sort()).toEqual(thrice(there));
      expect(placesOf(exchange.reply, nameOf).sort()).toEqual(thrice(back));
      for (const { crossings } of journeysOf(exchange)) {
        const offsets = crossings.map(({ packet }) => packet.fragment?.offsetBytes ?? -1);
        expect(new Set(offsets).size).toBe(3);
        expect(new Set(crossings.map(({ packet }) => packet.ipId)).size).toBe(1);
        fragments += new Set(offsets).size;
      }
    }
    score(`fragments, ${family}`, exchanges, { fragments });
  });
});
