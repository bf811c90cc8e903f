// C5: addresses and ICMP ids translated, 1,000 times in each way: one exchange each, with every set of addresses that it wore.
//
// The truth is the kernel's own table, /proc/net/nf_conntrack, and the length of each packet, which says who sent it: NAT does not
// change it and the assembler does not look at it.
import { join } from 'node:path';
import type { Lab } from '@hopscope/lab';
import type { Tuple } from '@hopscope/model';
import { afterEach, expect, test } from 'vitest';
import { exchangesOf, hopsOf, placesOf } from './support/exchanges.ts';
import { parseJourneys, startTrace } from './support/hopscope-trace.ts';
import {
  DB,
  endsText,
  inwards,
  OUTSIDE,
  outwards,
  PUBLIC,
  readConntrack,
  startNatLab,
  WEB,
} from './support/nat-lab.ts';
import { describeUnless, whyNoPrograms, whyNotRoot } from './support/privilege.ts';
import { startRecorder } from './support/recorder.ts';
import { runIn } from './support/run.ts';
import { recordScore } from './support/scores.ts';

const ECHO = join(import.meta.dirname, 'support/echo.py');
const RING_BYTES = 2 ** 26;
const FIRST_ID = 20_001;
/** Clients that send at once, each with the same ids. */
interface Case {
  readonly name: string;
  readonly clients: readonly { readonly namespace: string; readonly address: string }[];
  readonly each: number;
  readonly to: string;
  readonly rules: string;
  /** How the source and the destination look behind the NAT. */
  readonly translated: { readonly src: string; readonly dst: string };
  /** Some id must have changed: two clients cannot have the same one behind one address. */
  readonly changesIds: boolean;
  readonly request: (client: string) => readonly string[];
  readonly reply: (client: string) => readonly string[];
}

const toOutside = { request: outwards, reply: inwards };
const CONTAINERS = [
  { namespace: 'web', address: WEB },
  { namespace: 'db', address: DB },
];

const CASES: readonly Case[] = [
  {
    name: 'masqueraded, two clients with the same ids',
    clients: CONTAINERS,
    each: 500,
    to: OUTSIDE,
    rules: 'chain post { type nat hook postrouting priority 100; oifname "eth0" masquerade; }',
    translated: { src: PUBLIC, dst: OUTSIDE },
    changesIds: true,
    ...toOutside,
  },
  {
    name: 'masqueraded with a random id for each',
    clients: CONTAINERS,
    each: 500,
    to: OUTSIDE,
    rules: 'chain post { type nat hook postrouting priority 100; oifname "eth0" masquerade fully-random; }',
    translated: { src: PUBLIC, dst: OUTSIDE },
    changesIds: true,
    ...toOutside,
  },
  {
    name: 'DNAT, from the outside to a container',
    clients: [{ namespace: 'outside', address: '192.0.2.1' }],
    each: 1000,
    to: PUBLIC,
    rules: `chain pre { type nat hook prerouting priority -100; ip daddr ${PUBLIC} dnat to ${WEB}; }`,
    translated: { src: '192.0.2.1', dst: WEB },
    changesIds: false,
    request: () => toOutside.reply('web'),
    reply: () => toOutside.request('web'),
  },
  {
    name: 'DNAT and masquerading at once, container to container by the public address',
    clients: [{ namespace: 'db', address: DB }],
    each: 1000,
    to: PUBLIC,
    rules: `chain pre { type nat hook prerouting priority -100; ip daddr ${PUBLIC} dnat to ${WEB}; }
      chain post { type nat hook postrouting priority 100; ip saddr 172.17.0.0/16 ip daddr ${WEB} masquerade; }`,
    translated: { src: '172.17.0.1', dst: WEB },
    changesIds: false,
    request: () => [
      'db/eth0 out',
      'host/veth-db in',
      'host/docker0 in',
      'host/docker0 out',
      'host/veth-web out',
      'web/eth0 in',
    ],
    reply: () => [
      'web/eth0 out',
      'host/veth-web in',
      'host/docker0 in',
      'host/docker0 out',
      'host/veth-db out',
      'db/eth0 in',
    ],
  },
];

/** 16 apart, a MAC header being 14: which client sent it, and which of forty ids it has. */
const SLOTS = 40;
const bytesOf = (client: number, nth: number) => 100 + 16 * (client * SLOTS + (nth % SLOTS));
const slotOf = (len: number) => Math.floor((len - 28 - 100) / 16);

const endsOf = ({ src, dst, icmpId }: Tuple) => endsText({ src, dst, from: icmpId ?? 0, to: icmpId ?? 0 });
const mirrored = ({ src, dst, ...rest }: Tuple): Tuple => ({ ...rest, src: dst, dst: src });

describeUnless(whyNotRoot(), whyNoPrograms())('C5: translated addresses and ids', () => {
  let lab: Lab;
  const nameOf = (inum: number) => lab.namespaces.find((each) => each.inum === inum)?.name ?? String(inum);

  afterEach(() => lab?.stop());

  test.each(CASES)('$name', async (one) => {
    const { clients, each, to } = one;
    const total = clients.length * each;
    // A lab of its own: no entry of the case before is left in the table.
    lab = await startNatLab(one.rules);
    const inums = lab.namespaces.map(({ inum }) => inum);
    const ping = async (client: number, first: number, count: number) => {
      const lines = Array.from({ length: count }, (_, i) => `${first + i} 1 ${bytesOf(client, i)}\n`).join('');
      const { text } = await runIn(lab, clients[client]?.namespace ?? '', ['python3', ECHO, to], lines);
      expect(text).toBe(`answered ${count} of ${count}\n`);
    };
    // Neighbours are learned by requests that nobody looks at.
    await Promise.all(clients.map((_, client) => ping(client, 1, 1)));

    const trace = await startTrace(
      '--json',
      '--buffer',
      '65536',
      ...inums.flatMap((inum) => ['--filter-netns', String(inum)]),
    );
    const recorder = startRecorder({ netns: inums, ringBytes: RING_BYTES });
    try {
      await Promise.all(clients.map((_, client) => ping(client, FIRST_ID, each)));
    } finally {
      recorder.capture.detach();
    }
    const exchanges = exchangesOf(recorder.stop());
    const truth = await readConntrack(lab, 'icmp');
    await trace.untilJourneys(2 * total);
    const { stdout } = await trace.stop();

    // One exchange for each request, and nothing else.
    const key = (src: string, id: number) => `${src} ${id}`;
    const sent = clients.flatMap(({ address }) => Array.from({ length: each }, (_, i) => key(address, FIRST_ID + i)));
    expect(exchanges.map(({ src, icmpId }) => key(src, icmpId)).sort()).toEqual(sent.sort());

    let changed = 0;
    const wrong: string[] = [];
    for (const exchange of exchanges) {
      const client = clients.findIndex(({ address }) => address === exchange.src);
      const { namespace = '' } = clients[client] ?? {};
      expect([exchange.verdict, exchange.join]).toEqual(['replied', 'nat']);
      expect(placesOf(exchange.request, nameOf)).toEqual(one.request(namespace));
      expect(placesOf(exchange.reply, nameOf)).toEqual(one.reply(namespace));
      const slot = slotOf(bytesOf(client, exchange.icmpId - FIRST_ID) + 28);
      wrong.push(...hopsOf(exchange).flatMap(({ len, ifname }) => (slotOf(len) === slot ? [] : [`${ifname} ${len}`])));

      // Both sets of addresses there and back, as the kernel's table has them.
      const id = exchange.icmpId;
      const before = endsText({ src: exchange.src, dst: to, from: id, to: id });
      const ends = truth.get(before) ?? expect.fail(`the kernel has no ${before}`);
      expect(ends).toMatchObject(one.translated);
      if (ends.from !== id) changed += 1;
      const behind = endsText(ends);
      const of = (direction: string) => exchange.tuples.filter((tuple) => tuple.direction === direction);
      const [there, back] = [of('request').map(endsOf), of('reply').map(mirrored).map(endsOf)];
      expect([there.at(0), there.at(-1), back.at(0), back.at(-1)]).toEqual([before, behind, behind, before]);
    }
    expect(wrong).toEqual([]);
    expect(new Set(exchanges.map(({ tuples }) => JSON.stringify(tuples.map(endsOf)))).size).toBe(total);
    if (one.changesIds) expect(changed).toBeGreaterThanOrEqual(total / 2);

    // The product says the same: two journeys with one number. Under load it leaves out whole journeys, and says so.
    const { journeys: told, missed } = parseJourneys(stdout);
    const ways = new Map<number, string[]>();
    for (const { exchange, kind, verdict, path } of told) {
      const places = path.map((at) => `${nameOf(at.netns)}/${at.ifname} ${at.way}`);
      ways.set(exchange, [...(ways.get(exchange) ?? []), `${kind} ${verdict}: ${places.join(', ')}`]);
    }
    const expected = clients.map(({ namespace }) =>
      [
        `request delivered: ${one.request(namespace).join(', ')}`,
        `reply delivered: ${one.reply(namespace).join(', ')}`,
      ].join('; '),
    );
    const texts = [...ways.values()].map((texts) => texts.join('; '));
    expect(texts.filter((text) => !expected.includes(text))).toEqual([]);
    for (const text of new Set(expected)) {
      const count = texts.filter((other) => other === text).length;
      if (missed === 0) expect(count).toBe(each);
      else expect(count).toBeLessThanOrEqual(each);
    }

    recordScore('C5', one.name, {
      exchanges: exchanges.length,
      'ids rewritten': changed,
      'tuples equal to the kernel’s table': exchanges.length,
      'told by hopscope trace': ways.size,
      'wrong joins': wrong.length,
    });
  });
});
