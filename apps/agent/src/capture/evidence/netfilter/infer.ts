// Which rule dropped it: inferred from what can drop at that place, and from the counters that moved. Never certain, and said so.
import type { Evidence } from '@hopscope/protocol';
import type { DropPlace } from './hook-places.ts';
import { mayMatch } from './may-match.ts';
import { type Chain, chainKey, type Rule, type Ruleset } from './ruleset.ts';

/** Something that can have dropped the packet. `rule` is null for the chain's policy. */
interface Suspect {
  readonly hook: string;
  readonly chain: Chain;
  readonly rule: Rule | null;
  /** Packets since the ruleset before; null: not counted. */
  readonly moved: number | null;
}

export interface Inference {
  readonly evidence: Evidence;
  /** Set when exactly one rule fits. */
  readonly chain: Chain | null;
  readonly rule: Rule | null;
}

const NOTHING: Inference = { evidence: {}, chain: null, rule: null };

/** @param before the counters some time before the drop; null when none were read */
export function inferNetfilter(place: DropPlace, family: 4 | 6, before: Ruleset | null, after: Ruleset): Inference {
  const moving = findSuspects(place, family, before, after);
  // Rules that were loaded anew count from 0 again and may by now have got to where they were: then no counter says anything.
  const suspects = moving.length > 0 ? moving : findSuspects(place, family, before, after, true);
  const counted = suspects.filter(({ moved }) => moved !== null && moved > 0);
  const fitting = counted.length > 0 ? counted : suspects.filter(({ moved }) => moved === null);
  const [first] = fitting;
  if (first === undefined) return place.hooks.length === 1 ? hookOnly(place.hooks[0]?.hook) : NOTHING;
  const { chain, hook, rule } = first;
  const named: Evidence = {
    'netfilter.family': chain.family,
    'netfilter.table': chain.table,
    'netfilter.chain': chain.name,
    'netfilter.hook': hook,
    'netfilter.tool': chain.tool,
    'netfilter.exact': false,
  };
  if (fitting.length === 1) {
    const how = { 'netfilter.how': counted.length > 0 ? 'counter' : 'only one' };
    if (rule === null) return { evidence: { ...named, ...how, 'netfilter.rule': 'policy drop' }, chain, rule };
    const handle = rule.handle === null ? {} : { 'netfilter.handle': rule.handle };
    return { evidence: { ...named, ...how, ...handle }, chain, rule };
  }
  if (fitting.every((each) => chainKey(each.chain) === chainKey(chain))) {
    return { evidence: named, chain: null, rule: null };
  }
  return fitting.every((each) => each.hook === hook) ? hookOnly(hook) : NOTHING;
}

const hookOnly = (hook = ''): Inference => ({ ...NOTHING, evidence: { 'netfilter.hook': hook } });

function findSuspects(
  place: DropPlace,
  family: 4 | 6,
  before: Ruleset | null,
  after: Ruleset,
  isReloaded = false,
): Suspect[] {
  const old = new Map(before?.chains.map((chain) => [chainKey(chain), chain]));
  const byKey = new Map(after.chains.map((chain) => [chainKey(chain), chain]));
  const suspects: Suspect[] = [];
  // A rule may be met from many chains, and a chain may have many thousands: each is judged once.
  const judged = new Map<Rule, boolean>();
  const visitedAt = new Map<string, Set<string>>();

  function canMatch(rule: Rule): boolean {
    const known = judged.get(rule) ?? mayMatch(rule.matches, place.packet);
    judged.set(rule, known);
    return known;
  }

  function walk(chain: Chain, hook: string): void {
    const key = chainKey(chain);
    const visited = visitedAt.get(hook) ?? new Set();
    if (visited.has(key)) return;
    visitedAt.set(hook, visited.add(key));
    const earlier = old.get(key);
    const counted = new Map(earlier?.rules.map((rule) => [rule.key, rule.packets]));
    for (const rule of chain.rules) {
      if (!canMatch(rule)) continue;
      const then = counted.get(rule.key);
      const moved = movedSince(rule.packets, then, isReloaded ? null : before);
      // A counter that stands still: the packet did not match.
      if (moved === 0) continue;
      if (rule.drops) suspects.push({ hook, chain, rule, moved });
      for (const name of rule.targets) {
        const target = byKey.get(chainKey({ ...chain, name }));
        if (target !== undefined) walk(target, hook);
      }
    }
    if (chain.hook === null || !chain.policyDrops) return;
    const moved = movedSince(chain.policyPackets, earlier?.policyPackets, before);
    if (moved !== 0) suspects.push({ hook, chain, rule: null, moved });
  }

  for (const chain of after.chains) {
    if (chain.hook !== null && isAt(chain, place, family)) walk(chain, chain.hook);
  }
  return suspects;
}

/** @returns null when it cannot be told, because it is not counted or was not counted before */
function movedSince(now: number | null, then: number | null | undefined, before: Ruleset | null): number | null {
  if (now === null) return null;
  if (now === 0) return 0;
  // A rule that is new since the ruleset before began at 0.
  if (before !== null) return Math.max(0, now - (then ?? 0));
  return null;
}

function isAt(chain: Chain, { hooks, packet }: DropPlace, family: 4 | 6): boolean {
  const isNetdev = chain.family === 'netdev' || chain.hook === 'ingress' || chain.hook === 'egress';
  const layer = isNetdev ? 'netdev' : chain.family === 'bridge' ? 'bridge' : 'ip';
  if (layer === 'ip' && chain.family !== 'inet' && chain.family !== (family === 4 ? 'ip' : 'ip6')) return false;
  if (isNetdev && chain.devices !== null) {
    const device = chain.hook === 'ingress' ? packet.iifname : packet.oifname;
    if (device === null || !chain.devices.includes(device)) return false;
  }
  return hooks.some((each) => each.layer === layer && each.hook === chain.hook);
}
