// C5: addresses and ICMP ids translated, 1,000 times in each way: one exchange each, with every set of addresses that it wore.
//
// The truth is the kernel's own table, /proc/net/nf_conntrack, and the length of each packet, which says who sent it: NAT does not
// change it and the assembler does not look at it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Lab, startLab } from '@hopscope/lab';
import type { Tuple } from '@hopscope/model';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exchangesOf, hopsOf, placesOf } from './support/exchanges.ts';
import { startTrace } from './support/hopscope-trace.ts';
import { describeUnless, whyNoPrograms, whyNotRoot } from './support/privilege.ts';
import { startRecorder } from './support/recorder.ts';
import { runIn } from './support/run.ts';
import { recordScore } from './support/scores.ts';

const ECHO = join(import.meta.dirname, 'support/echo.py');
const RING_BYTES = 2 ** 26;
const FIRST_ID = 20_001;
const WEB = '172.17.0.2';
const DB = '172.17.0.3';
const PUBLIC = '192.0.2.2';
const OUTSIDE = '198.51.100.9';

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

const VETH: Readonly<Record<string, string>> = { web: 'veth-web', db: 'veth-db' };
const toOutside = {
  request: (client: string) => [
    `${client}/eth0 out`,
    `host/${VETH[client]} in`,
    'host/docker0 in',
    'host/eth0 out',
    'outside/lan0 in',
  ],
  reply: (client: string) => [
    'outside/lan0 out',
    'host/eth0 in',
    'host/docker0 out',
    `host/${VETH[client]} out`,
    `${client}/eth0 in`,
  ],
};
const CONTAINERS = [
  { namespace: 'web', address: WEB },
  { namespace: 'db', address: DB },
];

/** The kernel would make redirects for what leaves by the bridge it came in by, and drop them itself, being translated. */
const NO_REDIRECTS = { 'net.ipv4.conf.all.send_redirects': 0, 'net.ipv4.conf.docker0.send_redirects': 0 };

/** Where the machine has br_netfilter, a bridge translates by itself, each way differently: here it only bridges. */
const BRIDGE_SYSCTL = 'net.bridge.bridge-nf-call-iptables';
const bridgeSysctls: Record<string, number> = existsSync(`/proc/sys/${BRIDGE_SYSCTL.replaceAll('.', '/')}`)
  ? { [BRIDGE_SYSCTL]: 0 }
  : {};

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

/** `src id dst`, before NAT → behind it. */
function readConntrack(text: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const line of text.split('\n').filter((each) => each.includes('icmp'))) {
    const all = (field: string) => [...line.matchAll(new RegExp(`\\b${field}=(\\S+)`, 'g'))].map(([, value]) => value);
    const [src, dst, id] = [all('src'), all('dst'), all('id')];
    // The second of each is of the reply as it is awaited behind the NAT: mirrored.
    pairs.set(`${src[0]} ${id[0]} ${dst[0]}`, `${dst[1]} ${id[1]} ${src[1]}`);
  }
  return pairs;
}

const textOf = ({ src, icmpId, dst }: Tuple) => `${src} ${icmpId} ${dst}`;
const mirroredTextOf = ({ src, icmpId, dst }: Tuple) => `${dst} ${icmpId} ${src}`;

describeUnless(whyNotRoot(), whyNoPrograms())('C5: translated addresses and ids', () => {
  let lab: Lab;
  const nameOf = (inum: number) => lab.namespaces.find((each) => each.inum === inum)?.name ?? String(inum);

  // A lab of its own for each case: no entry of the case before is left in the table.
  beforeEach(async () => {
    lab = await startLab({
      namespaces: [
        {
          name: 'host',
          host: true,
          bridges: [{ name: 'docker0', ports: ['veth-web', 'veth-db'] }],
          addresses: { docker0: ['172.17.0.1/16'], eth0: [`${PUBLIC}/24`] },
          routes: ['default via 192.0.2.1'],
          sysctls: { 'net.ipv4.ip_forward': 1, ...NO_REDIRECTS, ...bridgeSysctls },
        },
        { name: 'web', addresses: { eth0: [`${WEB}/16`] }, routes: ['default via 172.17.0.1'] },
        { name: 'db', addresses: { eth0: [`${DB}/16`] }, routes: ['default via 172.17.0.1'] },
        {
          name: 'outside',
          addresses: { lo: [`${OUTSIDE}/32`], lan0: ['192.0.2.1/24'] },
        },
      ],
      wires: [
        { a: { namespace: 'host', name: 'veth-web' }, b: { namespace: 'web', name: 'eth0' } },
        { a: { namespace: 'host', name: 'veth-db' }, b: { namespace: 'db', name: 'eth0' } },
        { a: { namespace: 'host', name: 'eth0' }, b: { namespace: 'outside', name: 'lan0' } },
      ],
    });
  });
  afterEach(() => lab?.stop());

  test.each(CASES)('$name', async (one) => {
    const { clients, each, to } = one;
    const total = clients.length * each;
    const inums = lab.namespaces.map(({ inum }) => inum);
    const nft = await runIn(lab, 'host', ['nft', '-f', '-'], `table ip case {\n${one.rules}\n}\n`);
    expect(nft).toEqual({ status: 0, text: '' });
    const ping = async (client: number, first: number, count: number) => {
      const lines = Array.from({ length: count }, (_, i) => `${first + i} 1 ${bytesOf(client, i)}\n`).join('');
      const { text } = await runIn(lab, clients[client]?.namespace ?? '', ['python3', ECHO, to], lines);
      expect(text).toBe(`answered ${count} of ${count}\n`);
    };
    // Neighbours are learned by requests that nobody looks at.
    await Promise.all(clients.map((_, client) => ping(client, 1, 1)));

    const trace = await startTrace('--json', ...inums.flatMap((inum) => ['--filter-netns', String(inum)]));
    const recorder = startRecorder({ netns: inums, ringBytes: RING_BYTES });
    try {
      await Promise.all(clients.map((_, client) => ping(client, FIRST_ID, each)));
    } finally {
      recorder.capture.detach();
    }
    const exchanges = exchangesOf(recorder.stop());
    const { stdout } = await trace.stop();
    const truth = readConntrack((await runIn(lab, 'host', ['cat', '/proc/net/nf_conntrack'])).text);

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
      const before = `${exchange.src} ${exchange.icmpId} ${to}`;
      const behind = truth.get(before) ?? '';
      const [src = '', id = '', dst = ''] = behind.split(' ');
      expect({ src, dst }).toEqual(one.translated);
      if (Number(id) !== exchange.icmpId) changed += 1;
      const of = (direction: string) => exchange.tuples.filter((tuple) => tuple.direction === direction);
      expect([...new Set(of('request').map(textOf))].filter((text) => text === before || text === behind)).toEqual([
        before,
        behind,
      ]);
      expect(of('request').map(textOf).at(-1)).toBe(behind);
      expect(of('reply').map(mirroredTextOf).at(0)).toBe(behind);
      expect(of('reply').map(mirroredTextOf).at(-1)).toBe(before);
    }
    expect(wrong).toEqual([]);
    expect(new Set(exchanges.map(({ tuples }) => JSON.stringify(tuples.map(textOf)))).size).toBe(total);
    if (one.changesIds) expect(changed).toBeGreaterThanOrEqual(total / 2);

    // The product says the same: two journeys with one number.
    const told = stdout.map((line) => JSON.parse(line)).filter(({ type }) => type === 'journey');
    const ways = new Map<number, string[]>();
    for (const { exchange, kind, verdict, path } of told) {
      const places = path.map(
        (at: { netns: number; ifname: string; way: string }) => `${nameOf(at.netns)}/${at.ifname} ${at.way}`,
      );
      ways.set(exchange, [...(ways.get(exchange) ?? []), `${kind} ${verdict}: ${places.join(', ')}`]);
    }
    const expected = clients.flatMap(({ namespace }) =>
      Array.from({ length: each }, () => [
        `request delivered: ${one.request(namespace).join(', ')}`,
        `reply delivered: ${one.reply(namespace).join(', ')}`,
      ]),
    );
    expect([...ways.values()].map((each) => each.join('; ')).sort()).toEqual(
      expected.map((each) => each.join('; ')).sort(),
    );

    recordScore('C5', one.name, {
      exchanges: exchanges.length,
      'ids rewritten': changed,
      'tuples equal to the kernel’s table': exchanges.length,
      'wrong joins': wrong.length,
    });
  });
});
