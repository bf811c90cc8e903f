// Reads a namespace's firewall rules and keeps the last counters, so that the next drop shows which of them moved.
import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { LinkFacts } from '@hopscope/model';
import type { Evidence } from '@hopscope/protocol';
import type { DropNote } from '../drop-note.ts';
import type { TableReader } from '../table-reader.ts';
import type { NetnsPlace } from '../tools.ts';
import { findDropPlace } from './hook-places.ts';
import { inferNetfilter } from './infer.ts';
import { isBuiltIn, readIptablesSave } from './read-iptables.ts';
import { readChainDevices, readNftRuleset } from './read-nft.ts';
import { type Chain, chainKey, type Rule, type Ruleset } from './ruleset.ts';

/** Namespaces whose counters are kept. */
const KEPT_MAX = 256;
const RULE_TEXT_MAX = 300;
/** nft reads its arguments as one command: a name that somebody gave by netlink, with a `;` in it, would be another one. */
const PLAIN_NAME = /^[A-Za-z_][\w.-]*$/;

export interface NamedRule {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly handle: number;
}

export interface NetfilterReader {
  /** Reads the counters, for drops to come. */
  readBaseline(place: NetnsPlace): Promise<void>;
  /** What can be told about a drop now; reads the rules again. */
  explain(note: DropNote, place: NetnsPlace, links: readonly LinkFacts[]): Promise<Evidence>;
  /** A rule that nft named by its handle, in the words of the tool that wrote it. Nothing when it cannot be read. */
  describe(place: NetnsPlace, rule: NamedRule): Promise<Evidence>;
  /** Devices with rules of their own, as last read. */
  netdevDevices(inum: number): readonly string[];
}

export function createNetfilterReader(reader: TableReader): NetfilterReader {
  const last = new Map<number, Ruleset>();

  function keep(inum: number, ruleset: Ruleset): void {
    last.delete(inum);
    last.set(inum, ruleset);
    const [oldest] = last.keys();
    if (last.size > KEPT_MAX && oldest !== undefined) last.delete(oldest);
  }

  async function ruleText(place: NetnsPlace, chain: Chain, rule: Rule): Promise<string | null> {
    if (rule.text !== null || rule.handle === null) return rule.text;
    const names = [chain.family, chain.table, chain.name];
    if (!names.every((name) => PLAIN_NAME.test(name))) return null;
    const args = ['-a', 'list', 'chain', ...names];
    const listing = await reader.read(place, 'nft', ...args);
    const suffix = ` # handle ${rule.handle}`;
    return (
      listing
        ?.split('\n')
        .find((line) => line.endsWith(suffix))
        ?.slice(0, -suffix.length)
        .trim() ?? null
    );
  }

  return {
    async readBaseline(place) {
      const ruleset = await readRuleset(reader, place);
      if (ruleset !== null) keep(place.inum, ruleset);
    },
    async explain(note, place, links) {
      const before = last.get(place.inum) ?? null;
      const after = await readRuleset(reader, place);
      if (after === null) return {};
      keep(place.inum, after);
      const { evidence, chain, rule } = inferNetfilter(findDropPlace(note, links), note.headers.family, before, after);
      const text = chain === null || rule === null ? null : await ruleText(place, chain, rule);
      return text === null ? evidence : { ...evidence, 'netfilter.rule': shorten(text) };
    },
    async describe(place, { family, table, chain: name, handle }) {
      const key = chainKey({ family, table, name });
      const find = () => {
        const chain = last.get(place.inum)?.chains.find((each) => chainKey(each) === key);
        const rule = chain?.rules.find((each) => each.handle === handle);
        return chain === undefined || rule === undefined ? null : { chain, rule };
      };
      if (find() === null) {
        const ruleset = await readRuleset(reader, place);
        if (ruleset !== null) keep(place.inum, ruleset);
      }
      const found = find();
      const text = found === null ? null : await ruleText(place, found.chain, found.rule);
      if (found === null || text === null) return {};
      const { tool, hook } = found.chain;
      const where = hook === null ? {} : { 'netfilter.hook': hook };
      return { 'netfilter.rule': shorten(text), 'netfilter.tool': tool, ...where };
    },
    netdevDevices(inum) {
      const chains = last.get(inum)?.chains ?? [];
      return [...new Set(chains.flatMap(({ devices }) => devices ?? []))];
    },
  };
}

/** Counters change with every packet and are no part of the rule. */
export function shorten(text: string): string {
  const plain = text
    .replace(/counter packets \d+ bytes \d+/g, 'counter')
    .replace(/\s+/g, ' ')
    .trim();
  return plain.length > RULE_TEXT_MAX ? `${plain.slice(0, RULE_TEXT_MAX - 1)}…` : plain;
}

async function readRuleset(reader: TableReader, place: NetnsPlace): Promise<Ruleset | null> {
  const nft = nftLoadsNothing() ? readNftRuleset(await reader.readJson(place, 'nft', '-j', 'list', 'ruleset')) : null;
  let chains: readonly Chain[] = [];
  for (const family of ['ip', 'ip6'] as const) {
    const tool = family === 'ip' ? 'iptables' : 'ip6tables';
    const own = nft?.chains.filter((chain) => chain.family === family) ?? [];
    if (own.some(({ hook, name }) => hook !== null && isBuiltIn(name))) {
      const words = await reader.read(place, `${tool}-nft-save`, '-c');
      if (words !== null) putIntoWords(own, readIptablesSave(words, family));
    }
    chains = chains.concat(own);
    const legacy = await reader.read(place, `${tool}-legacy-save`, '-c');
    if (legacy === null) continue;
    chains = chains.concat(readIptablesSave(legacy, family).map((chain) => ({ ...chain, isXtables: true })));
  }
  const others = nft?.chains.filter(({ family }) => family !== 'ip' && family !== 'ip6') ?? [];
  const deviceless = others.some(({ hook, devices }) => (hook === 'ingress' || hook === 'egress') && devices === null);
  const text = deviceless ? await reader.read(place, 'nft', '-s', '-t', 'list', 'ruleset') : null;
  const devices = readChainDevices(text ?? '');
  const placed = others.map((chain) => ({ ...chain, devices: chain.devices ?? devices.get(chainKey(chain)) ?? null }));
  chains = chains.concat(placed);
  return nft === null && chains.length === 0 ? null : { chains };
}

/** The rules that iptables wrote into nftables, as iptables says them: the nth of a chain is the nth there. */
function putIntoWords(chains: Chain[], spoken: readonly Chain[]): void {
  const byKey = new Map(spoken.map((chain) => [chainKey(chain), chain]));
  for (const [at, chain] of chains.entries()) {
    const same = byKey.get(chainKey(chain));
    if (same === undefined || same.rules.length !== chain.rules.length) continue;
    const rules = chain.rules.map((rule, n) => ({
      ...rule,
      text: same.rules[n]?.text ?? null,
      drops: rule.drops || same.rules[n]?.drops === true,
    }));
    chains[at] = { ...chain, tool: 'iptables', rules };
  }
}

/** Asking nft for rules makes the kernel load nf_tables where that is a module that nobody uses. */
function nftLoadsNothing(): boolean {
  if (existsSync('/sys/module/nf_tables')) return true;
  const modules = `/lib/modules/${release()}`;
  if (!existsSync(modules)) return true;
  try {
    return readFileSync(`${modules}/modules.builtin`, 'utf8').includes('/nf_tables.ko');
  } catch {
    return false;
  }
}
