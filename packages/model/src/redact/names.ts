// Stand-ins for names: numbered by kind in the order in which they come, so that they can be told apart and read aloud.
import { sha256 } from '@noble/hashes/sha2.js';
import { readAddress } from '../filter/address-value.ts';

export interface NameStandIns {
  /** `container-1`; the same for the same text whatever its kind then. An empty text stays empty. */
  name(kind: string, text: string): string;
  /** It has a stand-in, or says nothing about this machine. */
  isKnown(text: string): boolean;
  /** Replaces every name known so far in a longer text. */
  inText(text: string): string;
}

/** Names that every machine has, which say nothing about this one. */
const COMMON = new Set(['lo', 'filter', 'nat', 'raw', 'mangle', 'security', 'main', 'local', 'none', 'default']);
const COMMON_CHAINS = /^(pre|post)routing$|^(input|output|forward|ingress|egress)$/i;

/** Interfaces are numbered without a dash: 15 characters is all that a device's name may have. */
const SHORT = new Set(['if', 'veth', 'br', 'vxlan', 'eth', 'vlan', 'tun']);

/** Of a keyed stand-in: two of 100 names are called the same once in 800,000 times. */
const HASH_BYTES = 4;

/** @param key secret, for names by what they are instead of when they came; null = numbered */
export function createNameStandIns(key: Uint8Array | null): NameStandIns {
  const standIns = new Map<string, string>();
  const counts = new Map<string, number>();
  let pattern: RegExp | null = null;

  function number(kind: string): string {
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    return String(count);
  }

  const isCommon = (text: string) => text === '' || COMMON.has(text) || COMMON_CHAINS.test(text);
  return {
    isKnown: (text) => isCommon(text) || standIns.has(text),
    name(kind, text) {
      if (isCommon(text)) return text;
      let standIn = standIns.get(text);
      if (standIn === undefined) {
        const which = key === null ? number(kind) : hash(key, text);
        standIn = SHORT.has(kind) ? `${kind}${which}` : `${kind}-${which}`;
        standIns.set(text, standIn);
        pattern = null;
      }
      return standIn;
    },
    inText(text) {
      if (standIns.size === 0) return text;
      pattern ??= namesPattern([...standIns.keys()]);
      return text.replace(pattern, (name) => standIns.get(name) ?? name);
    },
  };
}

function hash(key: Uint8Array, text: string): string {
  const bytes = sha256(Uint8Array.of(...key, ...new TextEncoder().encode(text))).subarray(0, HASH_BYTES);
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function namesPattern(names: readonly string[]): RegExp {
  const longestFirst = names.toSorted((a, b) => b.length - a.length);
  const escaped = longestFirst.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`(?<![\\p{L}\\p{N}_])(?:${escaped.join('|')})(?![\\p{L}\\p{N}_])`, 'gu');
}

const MAC = /\b[\da-f]{2}(?::[\da-f]{2}){5}\b/gi;
/** Whatever may be an IP address; `readAddress` decides. */
const MAYBE_IP = /(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f]*:[\da-f:]*:[\da-f:.]*)(?![\w:])/gi;

/** Replaces the addresses in a text. Both functions get and give canonical text. */
export function replaceAddresses(text: string, ip: (text: string) => string, mac: (text: string) => string): string {
  const parts: string[] = [];
  let at = 0;
  // MAC addresses first: their middle could pass for a part of an IPv6 address.
  for (const match of text.matchAll(MAC)) {
    parts.push(replaceIps(text.slice(at, match.index), ip), mac(match[0].toLowerCase()));
    at = match.index + match[0].length;
  }
  return [...parts, replaceIps(text.slice(at), ip)].join('');
}

function replaceIps(text: string, ip: (text: string) => string): string {
  return text.replace(MAYBE_IP, (maybe) => {
    const dots = /\.+$/.exec(maybe)?.[0] ?? '';
    const address = maybe.slice(0, maybe.length - dots.length);
    return readAddress(address) === null ? maybe : `${ip(address)}${dots}`;
  });
}
