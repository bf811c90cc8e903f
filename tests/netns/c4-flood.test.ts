// C4: a frame for a station that the bridge does not know goes out of all eight other ports: one trunk, eight branches.
//
//   sender ── ps: switch: p1 … p8 ── r1 … r8
//
// The truth is the frames' own numbering (sequence numbers), and the counters and tcpdumps of every port.
import { join } from 'node:path';
import { type Lab, startLab } from '@hopscope/lab';
import type { Exchange, Journey } from '@hopscope/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exchangesOf, placesOf } from './support/exchanges.ts';
import { ethernet, icmp4, ipv4 } from './support/frames.ts';
import { describeUnless, whyNoPrograms, whyNotRoot } from './support/privilege.ts';
import { startRecorder } from './support/recorder.ts';
import { pingIn, runIn } from './support/run.ts';
import { recordScore } from './support/scores.ts';
import { type Sniffer, startSniffer } from './support/sniff.ts';

const INJECT = join(import.meta.dirname, 'support/inject.py');
const FRAMES = 200;
/** Sixteen tcpdumps on two CPUs have to keep up. */
const PACE_S = '0.003';
const ID = 4_714;
const RING_BYTES = 2 ** 26;
const PORTS = [1, 2, 3, 4, 5, 6, 7, 8];
const ipOf = (port: number) => `10.74.0.${port}`;
const macOf = (port: number) => `02:00:00:00:74:0${port}`;
/** The sender's, as its addresses. */
const SENDER = 9;
const NOBODY = { ip: '10.74.0.99', mac: '02:00:00:00:74:99' };

const trunk = (from: string, port: string) => [`${from}/eth0 out`, `switch/${port} in`];
const branch = (port: string, to: string) => [`switch/${port} out`, `${to}/eth0 in`];
const branches = (ports: readonly number[]) => ports.flatMap((port) => branch(`p${port}`, `r${port}`));

/** What a bridge does first comes first; which branch comes before which does not matter. */
function expectTree(places: readonly string[], stem: readonly string[], leaves: readonly string[]): void {
  expect(places.slice(0, stem.length)).toEqual(stem);
  expect(places.slice(stem.length).sort()).toEqual([...leaves].sort());
  for (const [at, place] of places.entries()) {
    const end = /^(r\d|sender)\/eth0 in$/.exec(place)?.[1];
    if (end === undefined) continue;
    const port = end === 'sender' ? 'ps' : end.replace('r', 'p');
    expect(places.indexOf(`switch/${port} out`), `${place} comes after its port`).toBeLessThan(at);
  }
}

/** Every branch carries the very packet of the trunk. */
function wrongBranches({ crossings }: Journey, exchange: Exchange): number {
  return crossings.filter(({ packet }) => packet.icmp?.id !== ID || packet.icmp.seq !== exchange.icmpSeq).length;
}

describeUnless(whyNotRoot(), whyNoPrograms())('C4: a flood to eight ports', () => {
  let lab: Lab;
  const nameOf = (inum: number) => lab.namespaces.find((each) => each.inum === inum)?.name ?? String(inum);

  beforeAll(async () => {
    const quiet = { 'net.ipv6.conf.all.disable_ipv6': 1, 'net.ipv6.conf.default.disable_ipv6': 1 };
    const stations = [...PORTS.map((port) => [`r${port}`, port] as const), ['sender', SENDER] as const];
    lab = await startLab({
      namespaces: [
        ...stations.map(([name, port]) => ({
          name,
          addresses: { eth0: [`${ipOf(port)}/24`] },
          sysctls: quiet,
          // Nobody has to ask: no ARP among the frames that are counted.
          neighbours: stations
            .filter(([other]) => other !== name)
            .map(([, other]) => `${ipOf(other)} lladdr ${macOf(other)} dev eth0 nud permanent`),
        })),
        {
          name: 'switch',
          // It forgets a station at once, so every frame is for one that it does not know; without snooping it says nothing itself.
          bridges: [
            {
              name: 'br0',
              ports: ['ps', ...PORTS.map((port) => `p${port}`)],
              options: 'ageing_time 0 mcast_snooping 0',
            },
          ],
          sysctls: quiet,
        },
      ],
      wires: stations.map(([name, port]) => ({
        a: { namespace: name, name: 'eth0', mac: macOf(port) },
        b: { namespace: 'switch', name: name === 'sender' ? 'ps' : `p${port}` },
      })),
    });
    await pingIn(lab, 'sender', '-c', '1', ipOf(1));
  });
  afterAll(() => lab?.stop());

  /** Packets that the receivers' devices have counted so far. */
  async function received(): Promise<number[]> {
    return Promise.all(
      PORTS.map(async (port) => {
        const { text } = await runIn(lab, `r${port}`, ['ip', '-s', '-j', 'link', 'show', 'dev', 'eth0']);
        return JSON.parse(text)[0].stats64.rx.packets;
      }),
    );
  }

  async function record(send: () => Promise<unknown>): Promise<Exchange[]> {
    const recorder = startRecorder({ netns: lab.namespaces.map(({ inum }) => inum), ringBytes: RING_BYTES });
    try {
      await send();
    } finally {
      recorder.capture.detach();
    }
    return exchangesOf(recorder.stop()).filter(({ icmpId }) => icmpId === ID);
  }

  const sniffAll = (): Promise<Sniffer[]> =>
    Promise.all(
      PORTS.flatMap((port) => [
        startSniffer(lab, `r${port}`, 'eth0', 'icmp'),
        startSniffer(lab, 'switch', `p${port}`, 'icmp'),
      ]),
    );

  async function expectSniffed(sniffers: readonly Sniffer[], frames: number): Promise<void> {
    const expected = sniffers.map(() => frames);
    await expect.poll(() => sniffers.map((sniffer) => sniffer.count()), { timeout: 5000 }).toEqual(expected);
    expect(await Promise.all(sniffers.map(async (sniffer) => (await sniffer.stop()).length))).toEqual(expected);
  }

  describe.each([
    ['', false],
    [', with tcpdump on every port and receiver', true],
  ])('of frames%s', (where, sniff) => {
    test('for a station that nobody is', async () => {
      const frames = Array.from({ length: FRAMES }, (_, i) =>
        ethernet(
          { src: macOf(SENDER), dst: NOBODY.mac },
          0x0800,
          ipv4({ src: ipOf(SENDER), dst: NOBODY.ip }, icmp4({ id: ID, seq: i + 1 })),
        ),
      );
      const lines = frames.map((frame) => `${frame.toString('hex')}\n`).join('');
      const before = await received();
      const sniffers = sniff ? await sniffAll() : [];
      const exchanges = await record(() => runIn(lab, 'sender', ['python3', INJECT, 'eth0', PACE_S], lines));
      await expectSniffed(sniffers, FRAMES);
      const after = await received();
      expect(after.map((count, i) => count - (before[i] ?? 0))).toEqual(PORTS.map(() => FRAMES));

      expect(exchanges.map(({ icmpSeq }) => icmpSeq)).toEqual(frames.map((_, i) => i + 1));
      let wrong = 0;
      for (const exchange of exchanges) {
        const { request, verdict, drop } = exchange;
        expectTree(placesOf(request, nameOf), trunk('sender', 'ps'), branches(PORTS));
        if (request !== null) wrong += wrongBranches(request, exchange);
        // It died in all places, of nothing but being for somebody else.
        expect([verdict, drop?.reason]).toEqual(['dropped', 'OTHERHOST']);
      }
      expect(wrong).toBe(0);
      recordScore('C4', `a flood for a station that nobody is${where}`, {
        frames: exchanges.length,
        'trunks per frame': 1,
        'branches per frame': PORTS.length,
        'wrong joins': wrong,
      });
    });

    test('for one station of the eight: the others are no alarm', async () => {
      const sniffers = sniff ? await sniffAll() : [];
      const exchanges = await record(() =>
        pingIn(lab, 'sender', '-e', `${ID}`, '-i', '0.002', '-c', `${FRAMES}`, ipOf(1)),
      );
      // The reply goes to seven of them, and comes from the eighth.
      await expectSniffed(sniffers, 2 * FRAMES);

      expect(exchanges.map(({ icmpSeq }) => icmpSeq)).toEqual(Array.from({ length: FRAMES }, (_, i) => i + 1));
      let wrong = 0;
      for (const exchange of exchanges) {
        const { request, reply, verdict, drop } = exchange;
        expectTree(placesOf(request, nameOf), trunk('sender', 'ps'), branches(PORTS));
        expectTree(placesOf(reply, nameOf), trunk('r1', 'p1'), [
          ...branch('ps', 'sender'),
          ...branches(PORTS.slice(1)),
        ]);
        for (const journey of [request, reply]) {
          if (journey !== null) wrong += wrongBranches(journey, exchange);
          expect([journey?.verdict, journey?.drop]).toEqual(['delivered', null]);
        }
        expect([verdict, drop]).toEqual(['replied', null]);
      }
      expect(wrong).toBe(0);
      recordScore('C4', `a flooded ping to one of the eight${where}`, {
        pings: exchanges.length,
        'branches per packet': PORTS.length,
        'drops shown': 0,
        'wrong joins': wrong,
      });
    });
  });
});
