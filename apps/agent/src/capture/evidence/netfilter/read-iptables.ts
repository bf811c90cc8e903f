// `iptables-save -c` → chains. Used for the old xtables, and for the words of rules that iptables wrote into nftables.
import { type Chain, chainKey, type Match, type Rule } from './ruleset.ts';

const HOOKS: Readonly<Record<string, string>> = {
  PREROUTING: 'prerouting',
  INPUT: 'input',
  FORWARD: 'forward',
  OUTPUT: 'output',
  POSTROUTING: 'postrouting',
};

/** Whether the name is one of the chains that iptables hangs into hooks. */
export const isBuiltIn = (chain: string) => Object.hasOwn(HOOKS, chain);

/** @param family ip for iptables, ip6 for ip6tables */
export function readIptablesSave(text: string, family: 'ip' | 'ip6'): Chain[] {
  const chains = new Map<string, Chain & { rules: Rule[] }>();
  let table = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim();
    const chain = /^:(\S+) (\S+) \[(\d+):\d+\]/.exec(line);
    if (chain !== null) {
      const [, name = '', policy = '', packets = ''] = chain;
      chains.set(chainKey({ family, table, name }), {
        ...{ family, table, name, tool: 'iptables', devices: null, rules: [] },
        hook: HOOKS[name] ?? null,
        policyDrops: policy === 'DROP',
        policyPackets: Number(packets),
      });
    }
    const rule = /^\[(\d+):\d+\] -A (\S+) ?(.*)$/.exec(line);
    if (rule === null) continue;
    const [, packets = '', name = '', words = ''] = rule;
    const home = chains.get(chainKey({ family, table, name }));
    home?.rules.push(readRule(words, Number(packets), home.rules.length));
  }
  return [...chains.values()];
}

/** Quotes and backslashes as iptables-save writes them. */
function splitWords(text: string): string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, bare]) =>
    quoted === undefined ? (bare ?? '') : quoted.replace(/\\(.)/g, '$1'),
  );
}

const FIELDS: Readonly<Record<string, Match['field']>> = {
  '-s': 'saddr',
  '-d': 'daddr',
  '-i': 'iifname',
  '-o': 'oifname',
  '-p': 'protocol',
};

function readRule(text: string, packets: number, index: number): Rule {
  const words = splitWords(text);
  const matches: Match[] = [];
  const targets: string[] = [];
  let drops = false;
  for (const [at, word] of words.entries()) {
    const value = words[at + 1] ?? '';
    const field = FIELDS[word];
    if (field !== undefined) matches.push({ field, negated: words[at - 1] === '!', values: [value] });
    // `--comment "-j DROP"` is one word, and so no jump.
    if ((word !== '-j' && word !== '-g') || words[at - 1] === '--comment') continue;
    if (value === 'DROP' || value === 'REJECT') drops = true;
    else targets.push(value);
  }
  // The text with its place: a rule that is put in front makes others of all behind it, and their counters are not compared.
  return { key: `${index} ${text}`, handle: null, text, packets, drops, targets, matches };
}
