// What can be written next at the caret.
import { FIELDS } from './fields.ts';
import { type FilterFailure, readTokens, type Token } from './tokens.ts';
import { COMPARISONS, COMPARISONS_OF } from './values.ts';

export interface Completion {
  /** What takes the place of the text from `at` to the caret. */
  readonly text: string;
  readonly help: string;
  readonly at: number;
}

/** @param values what is on the page: texts that a field can have now, by field name */
export function completeFilter(
  filter: string,
  caret: number,
  values: Readonly<Record<string, readonly string[]>> = {},
): Completion[] {
  const before = filter.slice(0, caret);
  const tokens = tokensBefore(before);
  const last = tokens.at(-1);
  const isTouching = last !== undefined && last.end === caret && last.kind === 'word';
  const written = isTouching ? last.text : '';
  const at = isTouching ? last.at : caret;
  const context = isTouching ? tokens.slice(0, -1) : tokens;
  return candidates(context, values)
    .filter(({ text }) => text !== written && isStartOf(written, text))
    .map((candidate) => ({ ...candidate, at }));
}

/** Of the name, or of a part of it: `addr` finds `ip.addr`. */
function isStartOf(written: string, text: string): boolean {
  const wanted = written.toLowerCase();
  const whole = text.toLowerCase().replace(/^"/, '');
  return whole.startsWith(wanted) || whole.split('.').some((part) => part.startsWith(wanted));
}

/** None after a text that is not closed yet: inside of quotes nothing is completed. */
function tokensBefore(text: string): Token[] {
  try {
    return readTokens(text).slice(0, -1);
  } catch (error) {
    const { at } = (error as FilterFailure).error ?? { at: 0 };
    return at === 0 ? [] : [...tokensBefore(text.slice(0, at)), { kind: 'comma', text: '', at, end: at }];
  }
}

function candidates(context: readonly Token[], values: Readonly<Record<string, readonly string[]>>) {
  const last = context.at(-1);
  const isAfter = (...words: readonly string[]) => last !== undefined && words.includes(last.text.toLowerCase());
  if (last === undefined || last.kind === 'open' || isAfter('&&', '||', '!', 'and', 'or', 'not')) {
    return Object.entries(FIELDS).map(([text, { help }]) => ({ text, help }));
  }
  const name = fieldBefore(context);
  const field = name === null ? undefined : FIELDS[name];
  if (field !== undefined && name !== null && last.text === name) {
    const comparisons = COMPARISONS_OF[field.type].map((text) => ({ text, help: '' }));
    return [...comparisons, ...(field.type === 'flag' ? [] : [{ text: 'in', help: 'one of a set' }]), ...JOINERS];
  }
  const isValue = COMPARISONS.some((one) => isAfter(one)) || last.kind === 'open-set' || last.kind === 'comma';
  if (field !== undefined && name !== null && isValue) {
    const known = [...(field.choices ?? []), ...(values[name] ?? [])];
    const quote = (text: string) => (field.type === 'text' && /[^\w.-]/.test(text) ? JSON.stringify(text) : text);
    return [...new Set(known)].map((text) => ({ text: quote(text), help: '' }));
  }
  return JOINERS;
}

const JOINERS = [
  { text: '&&', help: 'and' },
  { text: '||', help: 'or' },
];

function fieldBefore(context: readonly Token[]): string | null {
  const token = context.findLast(({ kind, text }) => kind === 'word' && Object.hasOwn(FIELDS, text));
  return token?.text ?? null;
}
