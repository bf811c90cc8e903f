// A filter's text → its words. Positions are kept: an error is shown under the word that it is about.

export type TokenKind = 'word' | 'text' | 'operator' | 'open' | 'close' | 'open-set' | 'close-set' | 'comma' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** As written, without quotes and escapes for a text. */
  readonly text: string;
  /** Where it begins and ends in the filter, in UTF-16 units. */
  readonly at: number;
  readonly end: number;
}

/** What is wrong with a filter, and where. */
export interface FilterError {
  readonly message: string;
  readonly at: number;
  /** Past the last character; more than `at`, but for an error at the end of the text. */
  readonly end: number;
  /** What was probably meant, to stand in its place; null when nothing comes to mind. */
  readonly suggestion: string | null;
}

/** Thrown inside of this folder; `parseFilter` turns it into its answer. */
export class FilterFailure extends Error {
  readonly error: FilterError;
  constructor(message: string, { at, end }: Pick<Token, 'at' | 'end'>, suggestion: string | null = null) {
    super(message);
    this.error = { message, at, end, suggestion };
  }
}

const SINGLE: Readonly<Record<string, TokenKind>> = {
  '(': 'open',
  ')': 'close',
  '{': 'open-set',
  '}': 'close-set',
  ',': 'comma',
};
const OPERATORS = ['&&', '||', '==', '!=', '<=', '>=', '<', '>', '!'];
/** Names, numbers, durations, addresses with colons, dots, prefixes and `%` of a zone. */
const WORD = /[\p{L}\p{N}_.:/%*?@+-]/u;

/** @throws FilterFailure at a character that can begin nothing, and for a text without its end */
export function readTokens(filter: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < filter.length) {
    const character = String.fromCodePoint(filter.codePointAt(at) ?? 0);
    if (/\s/.test(character)) {
      at += character.length;
      continue;
    }
    const token = readOne(filter, at, character);
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ kind: 'end', text: '', at: filter.length, end: filter.length });
  return tokens;
}

function readOne(filter: string, at: number, character: string): Token {
  const single = SINGLE[character];
  if (single !== undefined) return { kind: single, text: character, at, end: at + 1 };
  if (character === '"' || character === "'") return readText(filter, at, character);
  const operator = OPERATORS.find((one) => filter.startsWith(one, at));
  if (operator !== undefined) return { kind: 'operator', text: operator, at, end: at + operator.length };
  let end = at;
  while (end < filter.length) {
    const next = String.fromCodePoint(filter.codePointAt(end) ?? 0);
    if (!WORD.test(next)) break;
    end += next.length;
  }
  if (end > at) return { kind: 'word', text: filter.slice(at, end), at, end };
  const suggestion = { '=': '==', '&': '&&', '|': '||' }[character] ?? null;
  const place = { at, end: at + character.length };
  throw new FilterFailure(
    suggestion === null ? `"${character}" has no meaning here` : `write ${suggestion}`,
    place,
    suggestion,
  );
}

function readText(filter: string, at: number, quote: string): Token {
  let text = '';
  for (let i = at + 1; i < filter.length; i++) {
    const character = filter.charAt(i);
    if (character === quote) return { kind: 'text', text, at, end: i + 1 };
    if (character === '\\' && i + 1 < filter.length) i++;
    text += filter.charAt(i);
  }
  throw new FilterFailure(`the text has no closing ${quote}`, { at, end: filter.length });
}
