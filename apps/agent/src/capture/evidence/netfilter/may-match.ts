// Whether a rule can have matched a packet, as far as its addresses, interfaces and protocol tell.
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { Match } from './ruleset.ts';

export interface Candidate {
  readonly src: string;
  readonly dst: string;
  readonly protocol: string;
  /** Null: not known, or none. */
  readonly iifname: string | null;
  readonly oifname: string | null;
}

/** False only when it is certain. */
export function mayMatch(matches: readonly Match[], packet: Candidate): boolean {
  return matches.every(({ field, negated, values }) => {
    const hit = hits(field, values, packet);
    return hit === null || hit !== negated;
  });
}

/** Null: cannot be told. */
function hits(field: Match['field'], values: readonly string[], packet: Candidate): boolean | null {
  switch (field) {
    case 'saddr':
      return hitsAddress(values, packet.src);
    case 'daddr':
      return hitsAddress(values, packet.dst);
    case 'iifname':
    case 'oifname': {
      const name = packet[field];
      return name === null ? null : values.some((value) => isName(name, value));
    }
    case 'protocol': {
      const names = values.map((value) => PROTOCOLS[value] ?? value);
      // A name that we do not know may be a number's.
      return names.includes(packet.protocol) ? true : names.every((name) => KNOWN.has(name)) ? false : null;
    }
  }
}

const PROTOCOLS: Readonly<Record<string, string>> = {
  'ipv6-icmp': 'icmp6',
  icmpv6: 'icmp6',
  '1': 'icmp',
  '58': 'icmp6',
};
const KNOWN = new Set(['icmp', 'icmp6', 'udp', 'tcp', 'sctp', 'esp', 'ah', 'gre']);

function isName(name: string, pattern: string): boolean {
  return /[*+]$/.test(pattern) ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function hitsAddress(values: readonly string[], address: string): boolean | null {
  const list = new BlockList();
  for (const value of values) {
    const [base = '', length] = value.split('/');
    const family = isIPv4(base) ? 'ipv4' : isIPv6(base) ? 'ipv6' : null;
    if (family === null) return null;
    const most = family === 'ipv4' ? 32 : 128;
    // A mask such as 255.0.255.0 is no prefix length.
    const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
    if (!(bits <= most)) return null;
    list.addSubnet(base, bits, family);
  }
  return list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}
