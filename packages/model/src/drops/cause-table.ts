// The table of causes, drop-causes.json: the first entry that fits a drop gives its sentence. An entry fits when its reason, its place in
// the kernel and all of its conditions do, and when every {fact} that its sentence names is known. So the exact causes stand before the
// general ones, and a new cause is a new entry without code.
import type { EvidenceKey, EvidenceValue } from '@hopscope/protocol';
import causes from './drop-causes.json' with { type: 'json' };

/** A fact that every sentence may use, besides the evidence. */
export const PLACES = {
  packet: 'the request, the reply, the ICMP error or the packet',
  Packet: 'the same at the beginning of a sentence',
  where: ' on eth0 in web: with a space in front, or empty',
  device: 'the interface it died on',
  src: 'its source address there',
  dst: 'its destination address there',
  family: '4 or 6',
  protocol: 'ICMP, ICMPv6, UDP or TCP',
  port: 'its destination port',
  kind: 'request, reply, error, data or fragment',
  reason: "the kernel's name for the reason; NO_REPLY: nothing dropped it and nobody answers it",
  symbol: 'the kernel function that dropped it',
} as const;

export type Fact = EvidenceKey | keyof typeof PLACES;
export type Facts = { readonly [Key in Fact]?: EvidenceValue };

/** What a fact must be: this, one of these, a number in these bounds, above the number that another fact holds, or unlike another. */
export type Condition =
  | EvidenceValue
  | readonly EvidenceValue[]
  | {
      readonly known?: boolean;
      readonly atMost?: number;
      readonly atLeast?: number;
      readonly above?: string;
      readonly differsFrom?: string;
    };

export interface DropCause {
  /** Names of enum skb_drop_reason, any of them; left out = any reason. */
  readonly reason?: readonly string[];
  /** Kernel functions, any of them; one that ends in * stands for all that begin so. Left out = anywhere. */
  readonly symbol?: readonly string[];
  readonly when?: { readonly [fact: string]: Condition | undefined };
  /** One sentence with {facts}. Between backticks stands a command, where a fact is quoted for the shell if it has to be. */
  readonly say: string;
}

export const DROP_CAUSES: readonly DropCause[] = causes;

/** @returns the sentence of the first cause that fits, or null */
export function findSentence(facts: Facts, table: readonly DropCause[] = DROP_CAUSES): string | null {
  for (const cause of table) {
    if (!fits(cause, facts)) continue;
    const sentence = fill(cause.say, facts);
    if (sentence !== null) return sentence;
  }
  return null;
}

function fits(cause: DropCause, facts: Facts): boolean {
  if (cause.reason !== undefined && !cause.reason.includes(String(facts.reason))) return false;
  if (cause.symbol !== undefined && !cause.symbol.some((pattern) => isSymbol(String(facts.symbol ?? ''), pattern))) {
    return false;
  }
  return Object.entries(cause.when ?? {}).every(([fact, condition]) => holds(condition, fact, facts));
}

function isSymbol(symbol: string, pattern: string): boolean {
  // Compilers split functions and mark the parts: nf_hook_slow.constprop.0, ip_rcv_finish_core.isra.0
  const plain = symbol.replace(/\.(?:isra|constprop|part|cold|llvm)\b.*$/, '');
  return pattern.endsWith('*') ? plain.startsWith(pattern.slice(0, -1)) : plain === pattern;
}

function factOf(facts: Facts, fact: string): EvidenceValue | undefined {
  return (facts as Readonly<Record<string, EvidenceValue | undefined>>)[fact];
}

function holds(condition: Condition | undefined, fact: string, facts: Facts): boolean {
  const value = factOf(facts, fact);
  if (condition === undefined) return true;
  if (typeof condition !== 'object') return value === condition;
  if (isList(condition)) return value !== undefined && condition.includes(value);
  const { known, atMost, atLeast, above, differsFrom } = condition;
  if (known !== undefined && known !== (value !== undefined)) return false;
  if (atMost !== undefined && !(Number(value) <= atMost)) return false;
  if (atLeast !== undefined && !(Number(value) >= atLeast)) return false;
  if (differsFrom !== undefined && (value === undefined || value === factOf(facts, differsFrom))) return false;
  return above === undefined || Number(value) > Number(factOf(facts, above));
}

const isList = (condition: Condition): condition is readonly EvidenceValue[] => Array.isArray(condition);

/** Null when a fact that the text names is not known. */
function fill(say: string, facts: Facts): string | null {
  let complete = true;
  const parts = say.split('`').map((part, i) =>
    part.replace(/\{([^{}]+)\}/g, (_, fact: string) => {
      const value = factOf(facts, fact);
      if (value === undefined) complete = false;
      return i % 2 === 1 ? quoteForShell(String(value)) : String(value).replaceAll('`', "'");
    }),
  );
  return complete ? parts.join('`') : null;
}

/** Whoever names an interface or a chain must not put a command of their own into one that we tell people to run. */
function quoteForShell(value: string): string {
  if (/^[\w.:/@%+-]*$/.test(value)) return value;
  // A backtick would end the command for whoever reads the sentence.
  if (value.includes('`')) return `$'${value.replace(/[\\']/g, '\\$&').replaceAll('`', '\\x60')}'`;
  return `'${value.replaceAll("'", "'\\''")}'`;
}
