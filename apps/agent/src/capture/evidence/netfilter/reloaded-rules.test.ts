import { expect, test } from 'vitest';
import { type DropPlace, findDropPlace } from './hook-places.ts';
import { inferNetfilter } from './infer.ts';
import type { Ruleset } from './ruleset.ts';

const place: DropPlace = {
  hooks: [{ layer: 'ip', hook: 'forward' }],
  packet: { src: '10.0.0.1', dst: '10.0.0.2', protocol: 'icmp', iifname: 'in0', oifname: null },
};

/** A chain with a rule that drops for each of these counters. */
function rulesetOf(...packets: (number | null)[]): Ruleset {
  const rules = packets.map((count, i) => ({
    key: String(i),
    handle: i,
    text: null,
    packets: count,
    drops: true,
    targets: [],
    matches: [],
  }));
  const chain = { family: 'inet', table: 't', name: 'c', tool: 'nft', hook: 'forward', devices: null } as const;
  return { chains: [{ ...chain, policyDrops: false, policyPackets: null, rules }] };
}

const inferred = (before: Ruleset | null, after: Ruleset) => {
  const { evidence, rule } = inferNetfilter(place, 4, before, after);
  return [evidence['netfilter.how'], rule?.handle];
};

test('the rule whose counter moved', () => {
  expect(inferred(rulesetOf(5, 5), rulesetOf(5, 6))).toEqual(['counter', 1]);
});

test('the only one there is, also when it was loaded anew and has counted up to where it was', () => {
  expect(inferred(rulesetOf(), rulesetOf(null))).toEqual(['only one', 0]);
  expect(inferred(rulesetOf(1), rulesetOf(1))).toEqual(['only one', 0]);
});

test('none, when several stand still or the only one never counted', () => {
  expect(inferred(rulesetOf(1, 1), rulesetOf(1, 1))).toEqual([undefined, undefined]);
  expect(inferred(rulesetOf(0), rulesetOf(0))).toEqual([undefined, undefined]);
});

test('what came in by a port and died on its bridge was shown to the hooks of IP before routing', () => {
  type Note = Parameters<typeof findDropPlace>[0];
  type Links = Parameters<typeof findDropPlace>[1];
  const note = { ifindex: 2, ifname: 'br0', iif: 5, headers: { src: 'a', dst: 'b', protocol: 'icmp' } } as Note;
  const links = [{ ifindex: 5, master: 2, name: 'p0', portState: 'forwarding', addresses: [] }] as unknown as Links;
  const { hooks, packet } = findDropPlace(note, links);
  expect(hooks).toEqual([{ layer: 'ip', hook: 'prerouting' }]);
  expect(packet.iifname).toBe('br0');
});

test('a chain of the old xtables is not taken for one of the same name in nftables', () => {
  const nft = rulesetOf();
  const xtables = rulesetOf(7).chains.map((chain) => ({ ...chain, isXtables: true }));
  const before = { chains: [...nft.chains, ...rulesetOf(6).chains.map((chain) => ({ ...chain, isXtables: true }))] };
  expect(inferred(before, { chains: [...nft.chains, ...xtables] })).toEqual(['counter', 0]);
});
