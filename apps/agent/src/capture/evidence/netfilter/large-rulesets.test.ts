// Whoever owns a namespace decides how many rules it has. Reading them must not stand in the way of the capture: a 4 MiB answer is the most
// that a tool may give.
import type { LinkFacts } from '@hopscope/model';
import { expect, test } from 'vitest';
import type { DropNote } from '../drop-note.ts';
import type { TableReader } from '../table-reader.ts';
import { createNetfilterReader } from './netfilter-reader.ts';
import { readIptablesSave } from './read-iptables.ts';
import { readNftRuleset } from './read-nft.ts';

const MANY = 20_000;
/** On a busy machine. Each chain compared with each other takes minutes. */
const WITHIN_MS = 15_000;
const numbers = Array.from({ length: MANY }, (_, n) => n);
const note = {
  ...{ ifindex: 2, ifname: 'eth0', iif: 2 },
  headers: { src: '10.0.1.1', dst: '10.0.2.1', protocol: 'icmp', family: 4 },
} as DropNote;
const links: readonly LinkFacts[] = [];

/** As `nft -j list ruleset` says what `save` says. */
function nftJson(chains: readonly string[], rules: readonly { chain: string; target: string }[], packets: number) {
  const home = { family: 'ip', table: 'filter' };
  return {
    nftables: [
      { chain: { ...home, name: 'FORWARD', hook: 'forward', policy: 'accept' } },
      ...chains.map((name) => ({ chain: { ...home, name } })),
      ...rules.map(({ chain, target }, handle) => ({
        rule: { ...home, chain, handle, expr: [{ counter: { packets, bytes: 0 } }, { jump: { target } }] },
      })),
      {
        rule: { ...home, chain: 'last', handle: MANY * 2, expr: [{ counter: { packets, bytes: 0 } }, { drop: null }] },
      },
    ],
  };
}

function save(chains: readonly string[], rules: readonly { chain: string; target: string }[], packets: number): string {
  return [
    '*filter',
    ':FORWARD ACCEPT [0:0]',
    ...chains.map((name) => `:${name} - [0:0]`),
    ...rules.map(({ chain, target }) => `[${packets}:84] -A ${chain} -j ${target}`),
    `[${packets}:84] -A last -j DROP`,
    'COMMIT',
    '',
  ].join('\n');
}

const wide = {
  chains: [...numbers.map((n) => `c${n}`), 'last'],
  rules: [...numbers.map((n) => ({ chain: 'FORWARD', target: `c${n}` })), { chain: 'FORWARD', target: 'last' }],
};
/** Each of the first chains goes on in the one that has all the rules. */
const steep = {
  chains: ['all', 'last', ...numbers.slice(0, 500).map((n) => `c${n}`)],
  rules: numbers.slice(0, 500).flatMap((n) => [
    { chain: 'FORWARD', target: `c${n}` },
    { chain: `c${n}`, target: 'all' },
  ]),
};
const deep = { ...steep, rules: [...steep.rules, ...numbers.map(() => ({ chain: 'all', target: 'last' }))] };

test.each([
  ['many chains', wide],
  ['many rules in a chain that many go to', deep],
])(
  'a ruleset with %s is read and searched in a moment',
  async (_, { chains, rules }) => {
    let packets = 3;
    const reader: TableReader = {
      async read(_place, tool) {
        return tool === 'iptables-nft-save' ? save(chains, rules, packets) : null;
      },
      readJson: async () => nftJson(chains, rules, packets),
      readError: async () => null,
    };
    const netfilter = createNetfilterReader(reader);
    const place = { inum: 7, files: [] };
    const startMs = performance.now();
    await netfilter.readBaseline(place);
    packets += 1;
    const facts = await netfilter.explain(note, place, links);
    expect(performance.now() - startMs).toBeLessThan(WITHIN_MS);
    expect(facts).toMatchObject({ 'netfilter.chain': 'last', 'netfilter.hook': 'forward' });
  },
  60_000,
);

test('of chains with one name the rules go to the one in their table', () => {
  const text = '*raw\n:X - [0:0]\n[1:1] -A X -j DROP\nCOMMIT\n*filter\n:X - [0:0]\n[2:1] -A X -j ACCEPT\nCOMMIT\n';
  expect(readIptablesSave(text, 'ip').map(({ table, rules }) => [table, rules.map(({ packets }) => packets)])).toEqual([
    ['raw', [1]],
    ['filter', [2]],
  ]);
  const chain = (table: string) => ({ chain: { family: 'ip', table, name: 'X' } });
  const rule = (table: string, handle: number) => ({ rule: { family: 'ip', table, chain: 'X', handle, expr: [] } });
  const ruleset = readNftRuleset({ nftables: [chain('a'), chain('b'), rule('b', 4), rule('a', 5)] });
  expect(ruleset?.chains.map(({ rules }) => rules.map(({ handle }) => handle))).toEqual([[5], [4]]);
});
