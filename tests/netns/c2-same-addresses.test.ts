// C2: four pairs of namespaces with the same addresses and MAC addresses ping at once, with the same ICMP ids and sequence numbers.
//
//   left0 ── right0      left2 ── switch: br2 ── right2
//   left1 ── right1      left3 ── switch: br3 ── right3      (one namespace, two bridges)
//
// The truth is in what the assembler does not look at: each pair pings with a length of its own, and owns its devices.
import { join } from 'node:path';
import { type Lab, type LabNamespace, type LabTopology, type LabWire, startLab } from '@hopscope/lab';
import type { Crossing, Exchange } from '@hopscope/model';
import { type Hop, STAGE } from '@hopscope/protocol';
import { afterEach, expect, test } from 'vitest';
import { exchangesOf, hopsOf, journeysOf, placesOf } from './support/exchanges.ts';
import { describeUnless, whyNoPrograms, whyNotRoot } from './support/privilege.ts';
import { startRecorder } from './support/recorder.ts';
import { pingIn, runIn } from './support/run.ts';
import { recordScore } from './support/scores.ts';

const ECHO = join(import.meta.dirname, 'support/echo.py');
const SLOTS = 20;
const PAIRS = [0, 1, 2, 3];
const BRIDGED = [2, 3];
const ID = 4_713;
const RING_BYTES = 2 ** 26;
const ADDRESSES = { left: ['10.77.0.1/24', 'fd00:77::1/64'], right: ['10.77.0.2/24', 'fd00:77::2/64'] };
const MACS = { left: '02:00:00:00:77:01', right: '02:00:00:00:77:02' };

/** 64 apart: more than any header on the way. */
const sizeOf = (pair: number) => 200 + 64 * pair;
const pairOfLength = (len: number, family: 4 | 6) => Math.floor((len - (family === 4 ? 28 : 48) - 200) / 64);

function wires(pair: number): LabWire[] {
  const left = { namespace: `left${pair}`, name: 'eth0', mac: MACS.left };
  const right = { namespace: `right${pair}`, name: 'eth0', mac: MACS.right };
  if (!BRIDGED.includes(pair)) return [{ a: left, b: right }];
  return [
    { a: left, b: { namespace: 'switch', name: `l${pair}` } },
    { a: right, b: { namespace: 'switch', name: `r${pair}` } },
  ];
}

/** Where the pair's requests go; replies go the other way. */
function placesOfPair(pair: number): string[] {
  const between = BRIDGED.includes(pair) ? [`switch/l${pair} in`, `switch/r${pair} out`] : [];
  return [`left${pair}/eth0 out`, ...between, `right${pair}/eth0 in`];
}
const turned = (places: readonly string[]) =>
  places
    .map((place) => (place.endsWith(' in') ? place.replace(/ in$/, ' out') : place.replace(/ out$/, ' in')))
    .reverse();

/** @param more what every host has besides */
function topology(more: Partial<LabNamespace>): LabTopology {
  const host = (side: 'left' | 'right') => (pair: number) => ({
    name: `${side}${pair}`,
    addresses: { eth0: ADDRESSES[side] },
    ...more,
  });
  return {
    namespaces: [
      ...PAIRS.map(host('left')),
      ...PAIRS.map(host('right')),
      { name: 'switch', bridges: BRIDGED.map((pair) => ({ name: `br${pair}`, ports: [`l${pair}`, `r${pair}`] })) },
    ],
    wires: PAIRS.flatMap(wires),
  };
}

/** How many begin before the one before them is over. @param exchanges in order of start */
function overlapping(exchanges: readonly Exchange[]): number {
  const ends = exchanges.map((one) => Math.max(...hopsOf(one).map(({ t }) => t)));
  return exchanges.filter(({ startNs }, i) => startNs < (ends[i - 1] ?? 0)).length;
}

const pairOf = (exchange: Exchange, family: 4 | 6) => pairOfLength(hopsOf(exchange)[0]?.len ?? 0, family);

const isOnDevice = ({ stage }: Hop) =>
  [STAGE.net_dev_queue, STAGE.net_dev_start_xmit, STAGE.netif_rx, STAGE.netif_receive_skb].some((one) => one === stage);

describeUnless(whyNotRoot(), whyNoPrograms())(
  'C2: four pairs with the same addresses, ids and sequence numbers',
  () => {
    let lab: Lab;
    const nameOf = (inum: number) => lab.namespaces.find((each) => each.inum === inum)?.name ?? String(inum);

    async function start(more: Partial<LabNamespace> = {}): Promise<void> {
      lab = await startLab(topology(more));
      for (const pair of PAIRS) {
        for (const address of ['10.77.0.2', 'fd00:77::2']) await pingIn(lab, `left${pair}`, '-c', '1', address);
      }
    }
    afterEach(() => lab?.stop());

    /** Runs the same ping in every pair at once. */
    async function record(pings: number, address: string, ...flags: readonly string[]): Promise<[Exchange[], Hop[]]> {
      const recorder = startRecorder({ netns: lab.namespaces.map(({ inum }) => inum), ringBytes: RING_BYTES });
      const ping = (pair: number) =>
        pingIn(lab, `left${pair}`, '-e', `${ID}`, '-s', `${sizeOf(pair)}`, '-c', `${pings}`, ...flags, address);
      try {
        await Promise.all(PAIRS.map(ping));
      } finally {
        recorder.capture.detach();
      }
      const recording = recorder.stop();
      const hops = recording.hops.filter((hop) => isOnDevice(hop));
      return [exchangesOf(recording).filter(({ icmpId }) => icmpId === ID), hops];
    }

    /** What is not of the pair that the first hop is of, or not of its ping. */
    function wrongCrossings(exchange: Exchange, family: 4 | 6): Crossing[] {
      const pair = pairOf(exchange, family);
      const places = new Set([...placesOfPair(pair), ...turned(placesOfPair(pair))]);
      return journeysOf(exchange).flatMap((journey) =>
        journey.crossings.filter(
          ({ packet, hops }, nth) =>
            !places.has(placesOf(journey, nameOf)[nth] ?? '') ||
            packet.icmp?.seq !== exchange.icmpSeq ||
            hops.some(({ len }) => pairOfLength(len, family) !== pair),
        ),
      );
    }

    test.each([
      ['400 pings', 400, 4, '10.77.0.2', ['-i', '0.004']],
      ['400 pings over IPv6', 400, 6, 'fd00:77::2', ['-i', '0.004']],
      ['a flood of 1,500', 1500, 4, '10.77.0.2', ['-f']],
      ['a flood of 1,500 over IPv6', 1500, 6, 'fd00:77::2', ['-f']],
    ] as const)('%s in each pair', async (name, pings, family, address, flags) => {
      await start();
      const [exchanges, hops] = await record(pings, address, ...flags);

      const wrong = exchanges.flatMap((exchange) => wrongCrossings(exchange, family));
      expect(wrong).toEqual([]);

      // Every ping of every pair once, whole, and nothing else.
      const told = exchanges.map((exchange) => {
        const pair = pairOf(exchange, family);
        const way = [...placesOf(exchange.request, nameOf), ...placesOf(exchange.reply, nameOf)].join(', ');
        return `${pair} ${exchange.icmpSeq} ${exchange.verdict} ${exchange.join}: ${way}`;
      });
      const expected = PAIRS.flatMap((pair) => {
        const way = [...placesOfPair(pair), ...turned(placesOfPair(pair))].join(', ');
        return Array.from({ length: pings }, (_, i) => `${pair} ${i + 1} replied same-skb: ${way}`);
      });
      expect(told.sort()).toEqual(expected.sort());
      const joined = exchanges.flatMap(hopsOf);
      expect(joined.length, 'hops in exchanges').toBe(hops.filter(({ len }) => pairOfLength(len, family) >= 0).length);

      recordScore('C2', `four pairs at once: ${name} each`, {
        exchanges: exchanges.length,
        hops: joined.length,
        'wrong joins': wrong.length,
      });
    });

    test('a flood of 1,000 in each pair where XDP programs make every packet anew', async () => {
      await start({ xdp: { eth0: { program: 'pass' } } });
      const [exchanges] = await record(1000, '10.77.0.2', '-f');
      const wrong = exchanges.flatMap((exchange) => wrongCrossings(exchange, 4));
      expect(wrong).toEqual([]);
      // Joined by headers and place: two that could be either are told as such, never guessed.
      const whole = exchanges.filter((one) => one.verdict === 'replied' && hopsOf(one).length > 0);
      const ambiguous = exchanges.filter(({ verdict }) => verdict === 'ambiguous');
      expect(exchanges.filter((one) => !whole.includes(one) && !ambiguous.includes(one))).toEqual([]);
      expect(new Set(whole.map((one) => `${pairOf(one, 4)} ${one.icmpSeq}`)).size).toBe(whole.length);
      expect(new Set(whole.map(({ join: reason }) => reason))).toEqual(new Set(['rebuilt']));
      expect(whole.length).toBeGreaterThan(0.95 * 4000);
      recordScore('C2', 'the same flood where XDP programs make every packet anew', {
        exchanges: whole.length,
        'told as ambiguous': ambiguous.length,
        'wrong joins': wrong.length,
      });
    });

    test.each([
      ['', {}],
      [' where XDP programs make every packet anew', { xdp: { eth0: { program: 'pass' } } }],
    ] as const)('500 requests in each pair, all with one id, sequence number and IP id%s', async (where, more) => {
      await start(more);
      const label = (pair: number, nth: number) => 100 + 16 * (pair * SLOTS + (nth % SLOTS));
      const slotOf = ({ len }: Hop) => Math.floor((len - 28 - 100) / 16);
      const recorder = startRecorder({ netns: lab.namespaces.map(({ inum }) => inum), ringBytes: RING_BYTES });
      await Promise.all(
        PAIRS.map(async (pair) => {
          const lines = Array.from({ length: 500 }, (_, i) => `${ID} 1 ${label(pair, i)}\n`).join('');
          const argv = ['python3', ECHO, '10.77.0.2', '10.77.0.1', '31415'];
          expect((await runIn(lab, `left${pair}`, argv, lines)).text).toBe('answered 500 of 500\n');
        }),
      ).finally(() => recorder.capture.detach());
      const exchanges = exchangesOf(recorder.stop()).filter(({ icmpId }) => icmpId === ID);

      const wrong = exchanges.flatMap((exchange) => {
        const slot = slotOf(hopsOf(exchange)[0] as Hop);
        const way = placesOfPair(Math.floor(slot / SLOTS));
        const places = new Set([...way, ...turned(way)]);
        return journeysOf(exchange).flatMap((journey) =>
          journey.crossings.filter(
            ({ hops }, nth) =>
              !places.has(placesOf(journey, nameOf)[nth] ?? '') || hops.some((hop) => slotOf(hop) !== slot),
          ),
        );
      });
      expect(wrong).toEqual([]);

      // What cannot be told apart may be called ambiguous, never joined.
      const whole = exchanges.filter(({ verdict }) => verdict === 'replied');
      const ambiguous = exchanges.filter(({ verdict }) => verdict === 'ambiguous');
      expect(whole.length + ambiguous.length).toBe(exchanges.length);
      expect(whole.length).toBeGreaterThan(0.9 * PAIRS.length * 500);
      recordScore('C2', `500 requests in each pair, all with one id, sequence number and IP id${where}`, {
        exchanges: whole.length,
        'of them overlapping in time': overlapping(whole),
        'told as ambiguous': ambiguous.length,
        'wrong joins': wrong.length,
      });
    });
  },
);
