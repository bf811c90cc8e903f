// C5 for UDP: 1,000 datagrams through DNAT and 1,000 through masquerading, and what comes back of each: one exchange for every packet,
// with both sets of addresses and ports.
//
// The truth is the kernel's own table, /proc/net/nf_conntrack, and the length of each datagram, which says who sent it.
import { once } from 'node:events';
import { join } from 'node:path';
import type { Lab } from '@hopscope/lab';
import type { Exchange, Tuple } from '@hopscope/model';
import { afterEach, expect, test } from 'vitest';
import { exchangesOf, hopsOf, placesOf } from './support/exchanges.ts';
import {
  DB,
  type Ends,
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

const UDP = join(import.meta.dirname, 'support/udp.py');
const RING_BYTES = 2 ** 26;
const FIRST_PORT = 30_001;
const PORT = 5353;
/** 16 apart, a MAC header being 14: which client sent it, and which of forty ports it has. */
const SLOTS = 40;
const bytesOf = (client: number, nth: number) => 100 + 16 * (client * SLOTS + (nth % SLOTS));
const slotOf = (len: number) => Math.floor((len - 28 - 100) / 16);

const CASES = [
  {
    name: 'UDP by DNAT, from the outside to a container',
    rules: `chain pre { type nat hook prerouting priority -100; ip daddr ${PUBLIC} udp dport ${PORT} dnat to ${WEB}; }`,
    clients: [{ namespace: 'outside', address: '192.0.2.1' }],
    each: 1000,
    to: PUBLIC,
    server: 'web',
    translated: { src: '192.0.2.1', dst: WEB, to: PORT },
    rewritten: 0,
    there: () => inwards('web'),
    back: () => outwards('web'),
  },
  {
    name: 'UDP masqueraded, two clients with the same source ports',
    rules: 'chain post { type nat hook postrouting priority 100; oifname "eth0" masquerade; }',
    clients: [
      { namespace: 'web', address: WEB },
      { namespace: 'db', address: DB },
    ],
    each: 500,
    to: OUTSIDE,
    server: 'outside',
    translated: { src: PUBLIC, dst: OUTSIDE, to: PORT },
    rewritten: 500,
    there: outwards,
    back: inwards,
  },
];

const endsOf = ({ src, dst, ports }: Tuple): Ends => ({ src, dst, from: ports?.src ?? 0, to: ports?.dst ?? 0 });
const mirrored = ({ src, dst, from, to }: Ends): Ends => ({ src: dst, dst: src, from: to, to: from });

describeUnless(whyNotRoot(), whyNoPrograms())('C5: translated addresses and ports', () => {
  let lab: Lab;
  afterEach(() => lab?.stop());
  const nameOf = (inum: number) => lab.namespaces.find((each) => each.inum === inum)?.name ?? String(inum);

  test.each(CASES)('$name', async ({ name, rules, clients, each, to, server, translated, rewritten, there, back }) => {
    lab = await startNatLab(rules);
    const answering = lab.run(server, ['python3', UDP, 'answer', translated.dst, String(PORT)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (answering.stdout !== null) await once(answering.stdout, 'data');
    const ask = async (client: number, first: number, count: number) => {
      const lines = Array.from({ length: count }, (_, i) => `${first + i} ${bytesOf(client, i)}\n`).join('');
      const argv = ['python3', UDP, 'ask', to, String(PORT)];
      const { text } = await runIn(lab, clients[client]?.namespace ?? '', argv, lines);
      expect(text).toBe(`answered ${count} of ${count}\n`);
    };
    // Neighbours are learned by datagrams that nobody looks at.
    await Promise.all(clients.map((_, client) => ask(client, FIRST_PORT - 1, 1)));
    const netns = lab.namespaces.map(({ inum }) => inum);
    const recorder = startRecorder({ netns, protocols: ['udp'], ports: [PORT], ringBytes: RING_BYTES });
    try {
      await Promise.all(clients.map((_, client) => ask(client, FIRST_PORT, each)));
    } finally {
      recorder.capture.detach();
    }
    const exchanges = exchangesOf(recorder.stop());
    const truth = await readConntrack(lab, 'udp');

    // As the client has them; what comes back is mirrored.
    const clientOf = ({ src, ports }: Exchange) =>
      clients.findIndex(({ address }) => address === src && ports?.dst === PORT);
    const forth = exchanges.filter((one) => clientOf(one) >= 0);
    expect([forth.length, exchanges.length]).toEqual([each * clients.length, 2 * each * clients.length]);

    const wanted = new Set(
      clients.flatMap(({ address }) =>
        Array.from({ length: each }, (_, i) => endsText({ src: address, dst: to, from: FIRST_PORT + i, to: PORT })),
      ),
    );
    const seen = { forth: new Set<string>(), back: new Set<string>() };
    const wrong: string[] = [];
    let changed = 0;
    for (const exchange of exchanges) {
      const isForth = clientOf(exchange) >= 0;
      const tuples = exchange.tuples.map(endsOf);
      const [first, last] = [tuples.at(0) as Ends, tuples.at(-1) as Ends];
      const before = isForth ? first : mirrored(last);
      const behind = isForth ? last : mirrored(first);
      expect(truth.get(endsText(before))).toEqual(behind);
      expect(behind).toMatchObject(translated);
      if (isForth && behind.from !== before.from) changed += 1;
      seen[isForth ? 'forth' : 'back'].add(endsText(before));

      const client = clients.findIndex(({ address }) => address === before.src);
      const { namespace = '' } = clients[client] ?? {};
      expect([exchange.kind, exchange.verdict, exchange.join]).toEqual(['udp', 'delivered', 'nat']);
      expect(placesOf(exchange.request, nameOf)).toEqual(isForth ? there(namespace) : back(namespace));
      const slot = slotOf(bytesOf(client, before.from - FIRST_PORT) + 28);
      wrong.push(...hopsOf(exchange).flatMap(({ len, ifname }) => (slotOf(len) === slot ? [] : [`${ifname} ${len}`])));
    }
    expect(wrong).toEqual([]);
    expect(seen).toEqual({ forth: wanted, back: wanted });
    // One given in place of a taken port may be another's own: then that has to change as well.
    expect(changed).toBeGreaterThanOrEqual(rewritten);
    recordScore('C5', name, {
      datagrams: exchanges.length,
      'ports rewritten': changed,
      'tuples equal to the kernel’s table': exchanges.length,
      'wrong joins': wrong.length,
    });
  });
});
