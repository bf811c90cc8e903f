// A display filter, in Wireshark's manner: `ip.addr == 172.17.0.2 && icmp`, `container == "web"`, `rtt > 1ms`.
//
//   filter  = and { ("||" | "or") and }
//   and     = not { ("&&" | "and") not }
//   not     = ("!" | "not") not | "(" filter ")" | test
//   test    = field [ comparison value | "in" "{" value { "," value } "}" ]
//
// A field has a value for each hop that says something about it. A test holds when any of them passes; `!=` holds when there are some
// and none is equal, which is what Wireshark 4 does. A field alone asks whether there is any.

import { suggest } from '../suggest.ts';
import { FIELDS, type Field, type FilterSubject } from './fields.ts';
import { type FilterError, FilterFailure, readTokens, type Token } from './tokens.ts';
import { COMPARISONS, COMPARISONS_OF, type Comparison, readValueTest } from './values.ts';

export type DisplayFilter = (subject: FilterSubject) => boolean;

export type ParsedFilter =
  | { readonly ok: true; readonly matches: DisplayFilter }
  | { readonly ok: false; readonly error: FilterError };

/** More than a person writes; keeps a hostile link from nesting without end. */
const LONGEST = 2000;
const DEEPEST = 100;

/** An empty filter matches everything. */
export function parseFilter(text: string): ParsedFilter {
  if (text.length > LONGEST) {
    const message = `a filter has at most ${LONGEST} characters`;
    return { ok: false, error: { message, at: LONGEST, end: text.length, suggestion: null } };
  }
  try {
    const tokens = readTokens(text);
    if (tokens.length === 1) return { ok: true, matches: () => true };
    return { ok: true, matches: createParser(tokens).filter() };
  } catch (error) {
    if (error instanceof FilterFailure) return { ok: false, error: error.error };
    throw error;
  }
}

function createParser(tokens: readonly Token[]) {
  let next = 0;
  let depth = 0;
  const last = tokens[tokens.length - 1] as Token;
  const peek = (): Token => tokens[next] ?? last;
  const take = (): Token => tokens[next++] ?? last;

  function isWord(token: Token, ...words: readonly string[]): boolean {
    return (token.kind === 'operator' || token.kind === 'word') && words.includes(token.text.toLowerCase());
  }

  function either(): DisplayFilter {
    const parts = [both()];
    while (isWord(peek(), '||', 'or')) {
      take();
      parts.push(both());
    }
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : (subject) => parts.some((part) => part(subject));
  }

  function both(): DisplayFilter {
    const parts = [negated()];
    while (isWord(peek(), '&&', 'and')) {
      take();
      parts.push(negated());
    }
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : (subject) => parts.every((part) => part(subject));
  }

  function negated(): DisplayFilter {
    if (++depth > DEEPEST) throw new FilterFailure('the filter is nested too deeply', peek());
    try {
      const token = peek();
      if (isWord(token, '!', 'not')) {
        take();
        const of = negated();
        return (subject) => !of(subject);
      }
      if (token.kind !== 'open') return test();
      take();
      const inner = either();
      if (peek().kind !== 'close') throw new FilterFailure('a ) is missing here', peek(), ')');
      take();
      return inner;
    } finally {
      depth--;
    }
  }

  function test(): DisplayFilter {
    const token = take();
    const field = fieldOf(token);
    const { values } = field;
    const after = peek();
    if (isWord(after, 'in')) return inSet(token.text, field, take());
    const comparison = COMPARISONS.find((one) => isWord(after, one));
    if (comparison === undefined) return (subject) => values(subject).length > 0;
    take();
    const allowed = COMPARISONS_OF[field.type];
    if (!allowed.includes(comparison)) throw new FilterFailure(whyNot(token.text, field, comparison), after);
    const passes = readValueTest(token.text, field, comparison, value(token.text));
    if (comparison !== '!=') return (subject) => values(subject).some(passes);
    return (subject) => {
      const all = values(subject);
      return all.length > 0 && !all.some(passes);
    };
  }

  function inSet(name: string, field: Field, operator: Token): DisplayFilter {
    if (field.type === 'flag') throw new FilterFailure(whyNot(name, field, 'in'), operator);
    if (take().kind !== 'open-set') throw new FilterFailure('a set is written {1, 2, 3}', tokens[next - 1] ?? last);
    const tests = [readValueTest(name, field, '==', value(name))];
    while (peek().kind === 'comma') {
      take();
      tests.push(readValueTest(name, field, '==', value(name)));
    }
    if (take().kind !== 'close-set')
      throw new FilterFailure('a } or a comma is missing here', tokens[next - 1] ?? last);
    return (subject) => field.values(subject).some((one) => tests.some((passes) => passes(one)));
  }

  function value(name: string): Token {
    const token = take();
    if (token.kind === 'word' || token.kind === 'text') return token;
    throw new FilterFailure(`a value for ${name} is missing here`, token);
  }

  return {
    filter(): DisplayFilter {
      const filter = either();
      const rest = peek();
      if (rest.kind === 'end') return filter;
      throw new FilterFailure(rest.kind === 'close' ? 'this ) closes nothing' : 'write && or || before this', rest);
    },
  };
}

function fieldOf(token: Token): Field {
  if (token.kind === 'end') throw new FilterFailure('a field is missing here', token);
  const field = token.kind === 'word' && Object.hasOwn(FIELDS, token.text) ? FIELDS[token.text] : undefined;
  if (field !== undefined) return field;
  throw new FilterFailure(`"${token.text}" is no field`, token, suggest(token.text, Object.keys(FIELDS)));
}

function whyNot(name: string, { type }: Field, comparison: Comparison | 'in'): string {
  const allowed = COMPARISONS_OF[type];
  if (allowed.length === 0) return `${name} is true or not: write it alone, or !${name}`;
  return `${name} cannot be compared by ${comparison}: use ${allowed.join(' ')}`;
}
