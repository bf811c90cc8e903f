// `nft -j list ruleset` → Ruleset. It comes from a tool that read what others wrote: every field is checked before use.
import { type Chain, chainKey, type Match, type Rule, type Ruleset } from './ruleset.ts';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown) => (typeof value === 'string' ? value : '');

/** @returns null when it is not what nft prints */
export function readNftRuleset(json: unknown): Ruleset | null {
  if (!isObject(json) || !Array.isArray(json.nftables)) return null;
  const chains = new Map<string, Chain & { rules: Rule[] }>();
  for (const entry of json.nftables) {
    if (!isObject(entry)) continue;
    if (isObject(entry.chain)) {
      const chain = readChain(entry.chain);
      chains.set(chainKey(chain), { ...chain, rules: [] });
    }
    if (!isObject(entry.rule)) continue;
    const { family, table, chain } = entry.rule;
    const home = chains.get(chainKey({ family: textOf(family), table: textOf(table), name: textOf(chain) }));
    home?.rules.push(readRule(entry.rule));
  }
  return { chains: [...chains.values()] };
}

/**
 * The devices of chains that hang on devices, which nft's JSON leaves out before 1.0.8.
 * @param text `nft list ruleset`
 * @returns by `chainKey`
 */
export function readChainDevices(text: string): ReadonlyMap<string, readonly string[]> {
  const devices = new Map<string, readonly string[]>();
  let [family, table, name] = ['', '', ''];
  for (const line of text.split('\n')) {
    const [, kind, first = '', second = ''] = /^\s*(table|chain) (\S+) (?:(\S+) )?\{/.exec(line) ?? [];
    if (kind === 'table') [family, table] = [first, second];
    if (kind === 'chain') name = first;
    const hook = /^\s*type \w+ hook (?:ingress|egress) device(?:s = \{([^}]*)\}| ("[^"]*"|\S+)) priority/.exec(line);
    if (hook === null) continue;
    const names = (hook[1] ?? hook[2] ?? '').split(',').map((each) => each.trim().replace(/^"|"$/g, ''));
    devices.set(chainKey({ family, table, name }), names);
  }
  return devices;
}

function readChain(chain: Json): Omit<Chain, 'rules'> {
  const devices = [chain.dev, chain.devices].flat().filter((each) => typeof each === 'string');
  return {
    family: textOf(chain.family),
    table: textOf(chain.table),
    name: textOf(chain.name),
    tool: 'nft',
    hook: typeof chain.hook === 'string' ? chain.hook : null,
    devices: devices.length > 0 ? devices : null,
    policyDrops: chain.policy === 'drop',
    policyPackets: null,
  };
}

function readRule(rule: Json): Rule {
  const statements = Array.isArray(rule.expr) ? rule.expr.filter(isObject) : [];
  const counter = statements.find((each) => isObject(each.counter))?.counter;
  const packets = isObject(counter) && typeof counter.packets === 'number' ? counter.packets : null;
  const handle = typeof rule.handle === 'number' ? rule.handle : null;
  return {
    key: String(handle),
    handle,
    text: null,
    packets,
    drops: statements.some(mayDrop),
    targets: statements.flatMap(targetsOf),
    matches: statements.flatMap((each) =>
      isObject(each.match) ? [...readProtocol(each.match), ...readMatch(each.match)] : [],
    ),
  };
}

/** An extension of xtables is named, not described: of those only these drop. */
const XT_DROPS = new Set(['REJECT', 'DROP', 'SYNPROXY']);

function mayDrop(statement: Json): boolean {
  if ('drop' in statement || 'reject' in statement) return true;
  const { xt, vmap } = statement;
  if (isObject(xt)) return xt.type === 'target' && XT_DROPS.has(textOf(xt.name));
  // A map may be a name: what it says is not in the rule.
  return (
    isObject(vmap) && (typeof vmap.data === 'string' || JSON.stringify(vmap.data ?? null).includes('{"drop":null}'))
  );
}

function targetsOf(statement: Json): string[] {
  const found: string[] = [];
  for (const kind of ['jump', 'goto'] as const) {
    const value = statement[kind];
    if (isObject(value) && typeof value.target === 'string') found.push(value.target);
  }
  if (isObject(statement.vmap)) {
    for (const [, target] of JSON.stringify(statement.vmap.data ?? null).matchAll(/"target":"([^"\\]+)"/g)) {
      if (target !== undefined) found.push(target);
    }
  }
  return found;
}

const HEADERS = new Set(['tcp', 'udp', 'icmp', 'icmpv6', 'sctp']);

/** To look at a field of a header is to ask whether there is such a header. */
function readProtocol({ left }: Json): Match[] {
  const payload = isObject(left) ? left.payload : null;
  const header = isObject(payload) ? textOf(payload.protocol) : '';
  return HEADERS.has(header) ? [{ field: 'protocol', negated: false, values: [header] }] : [];
}

function readMatch(match: Json): Match[] {
  const field = fieldOf(match.left);
  const values = field === null ? null : valuesOf(match.right);
  if (field === null || values === null || !['==', '!=', 'in'].includes(textOf(match.op))) return [];
  return [{ field, negated: match.op === '!=', values }];
}

function fieldOf(left: unknown): Match['field'] | null {
  if (!isObject(left)) return null;
  const { payload, meta } = left;
  if (isObject(payload) && (payload.protocol === 'ip' || payload.protocol === 'ip6')) {
    if (payload.field === 'saddr' || payload.field === 'daddr') return payload.field;
    return payload.field === 'protocol' || payload.field === 'nexthdr' ? 'protocol' : null;
  }
  if (!isObject(meta)) return null;
  if (meta.key === 'iifname' || meta.key === 'oifname') return meta.key;
  if (meta.key === 'iif' || meta.key === 'oif') return `${meta.key}name`;
  return meta.key === 'l4proto' ? 'protocol' : null;
}

/** Null when a part of it cannot be judged. */
function valuesOf(right: unknown): string[] | null {
  if (typeof right === 'string') return right.startsWith('@') ? null : [right];
  if (!isObject(right)) return null;
  if (isObject(right.prefix) && typeof right.prefix.addr === 'string' && typeof right.prefix.len === 'number') {
    return [`${right.prefix.addr}/${right.prefix.len}`];
  }
  if (!Array.isArray(right.set)) return null;
  const parts = right.set.map(valuesOf);
  return parts.includes(null) ? null : parts.flatMap((part) => part ?? []);
}
