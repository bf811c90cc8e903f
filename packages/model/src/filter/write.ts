// Filters written by the page: a value that was clicked, and what it is joined to.
import type { Exchange } from '../exchange.ts';
import { FIELDS } from './fields.ts';
import { parseFilter } from './parse.ts';

/** How a new test meets the filter that is there. */
export const FILTER_JOINS = ['is', 'is-not', 'and', 'and-not', 'or', 'or-not'] as const;
export type FilterJoin = (typeof FILTER_JOINS)[number];

/** `hop.ifname == "eth0"`; the field's name alone for a flag. */
export function writeTest(field: string, value: string): string {
  const type = FIELDS[field]?.type;
  if (type === 'flag') return field;
  return `${field} == ${type === 'text' ? quote(value) : value}`;
}

/** @param test a filter, of which everything is meant. A filter that has an error is replaced. */
export function joinFilters(filter: string, join: FilterJoin, test: string): string {
  const before = filter.trim();
  const isFresh = join === 'is' || join === 'is-not' || before === '' || !parseFilter(before).ok;
  const isNot = join === 'is-not' || join === 'and-not' || join === 'or-not';
  const word = join.startsWith('or') ? '||' : '&&';
  const what = isNot ? `!(${test})` : isFresh ? test : grouped(test, word);
  return isFresh ? what : `${grouped(before, word)} ${word} ${what}`;
}

/** The tests by which an exchange is told from others, as long as its ids are not used again. */
export function writeExchangeTest({ kind, src, dst, icmpId, icmpSeq, ports }: Exchange): string {
  const ends = `ip.src == ${src} && ip.dst == ${dst}`;
  if (kind === 'echo') return `icmp.id == ${icmpId} && icmp.seq == ${icmpSeq} && ${ends}`;
  return ports === null ? `${kind} && ${ends}` : `${ends} && port.src == ${ports.src} && port.dst == ${ports.dst}`;
}

/** In brackets where the other word binds it otherwise. A bracket too many does no harm. */
function grouped(filter: string, word: '&&' | '||'): string {
  const other = word === '&&' ? /\|\||\bor\b/i : /&&|\band\b/i;
  return other.test(filter) ? `(${filter})` : filter;
}

const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
