// A display filter on the command line, and what is wrong with it, shown under the word.
import { type DisplayFilter, parseFilter } from '@hopscope/model';
import { EXIT, Failure } from './failure.ts';
import { printable } from './printable.ts';

/** @throws Failure (usage) with the filter and a mark under what is wrong */
export function readDisplayFilter(text: string): DisplayFilter {
  const parsed = parseFilter(text);
  if (parsed.ok) return parsed.matches;
  const { message, at, end, suggestion } = parsed.error;
  // Every sign takes one place, also those that UTF-16 writes as two.
  const places = (from: number, to: number) => [...printable(text.slice(from, to))].length;
  const mark = `${' '.repeat(places(0, at))}${'^'.repeat(Math.max(1, places(at, end)))}`;
  const hint = suggestion === null ? '' : ` (did you mean ${printable(suggestion)}?)`;
  throw new Failure(EXIT.usage, `${printable(message)}${hint}`, { lines: [`  ${printable(text)}`, `  ${mark}`] });
}
