// What stands on the right of a comparison, read as the field on the left wants it, and the comparison itself.

import { suggest } from '../suggest.ts';
import { isInside, readAddress } from './address-value.ts';
import type { Field, FieldType, FieldValue } from './fields.ts';
import { FilterFailure, type Token } from './tokens.ts';

export const COMPARISONS = ['==', '!=', '<', '<=', '>', '>=', 'contains', 'matches'] as const;
export type Comparison = (typeof COMPARISONS)[number];

export const COMPARISONS_OF: Readonly<Record<FieldType, readonly Comparison[]>> = {
  address: ['==', '!='],
  number: ['==', '!=', '<', '<=', '>', '>='],
  duration: ['==', '!=', '<', '<=', '>', '>='],
  text: ['==', '!=', 'contains', 'matches'],
  flag: [],
};

const NS_PER_UNIT: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9 };

/** Whether one value of the field is as asked for. */
export type ValueTest = (value: FieldValue) => boolean;

/** `!=` gives the test for `==`: that no value passes it is for the caller to see. @throws FilterFailure */
export function readValueTest(name: string, field: Field, comparison: Comparison, token: Token): ValueTest {
  if (field.type === 'address') return addressTest(name, token);
  if (field.type === 'text') return textTest(field, comparison, token);
  const wanted = field.type === 'duration' ? readDuration(name, token) : readNumber(name, token);
  switch (comparison) {
    case '<':
      return (value) => Number(value) < wanted;
    case '<=':
      return (value) => Number(value) <= wanted;
    case '>':
      return (value) => Number(value) > wanted;
    case '>=':
      return (value) => Number(value) >= wanted;
    default:
      return (value) => Number(value) === wanted;
  }
}

function addressTest(name: string, token: Token): ValueTest {
  const network = readAddress(token.text);
  if (network === null) {
    throw new FilterFailure(`${name} is compared with an address, such as 172.17.0.2, 10.0.0.0/8 or fe80::/10`, token);
  }
  return (value) => {
    const address = readAddress(String(value));
    return address !== null && isInside(address, network);
  };
}

function textTest(field: Field, comparison: Comparison, token: Token): ValueTest {
  const { text } = token;
  if (comparison === 'contains') return (value) => String(value).includes(text);
  if (comparison === 'matches') return wildcardTest(text);
  const { choices } = field;
  if (choices !== undefined && !choices.includes(text)) {
    throw new FilterFailure(`there is ${choices.join(', ')}`, token, suggest(text, choices));
  }
  return (value) => value === text;
}

/**
 * `*` is anything, `?` one character, upper and lower case are the same. No regular expression: a filter can come with a link, and one that
 * never ends would hold up the page.
 */
function wildcardTest(pattern: string): ValueTest {
  const wanted = [...pattern.toLowerCase()];
  return (value) => {
    const text = [...String(value).toLowerCase()];
    let at = 0;
    let i = 0;
    let star = -1;
    let retry = 0;
    while (at < text.length) {
      if (wanted[i] === '*') {
        star = i++;
        retry = at;
      } else if (i < wanted.length && (wanted[i] === '?' || wanted[i] === text[at])) {
        i++;
        at++;
      } else if (star >= 0) {
        i = star + 1;
        at = ++retry;
      } else return false;
    }
    while (wanted[i] === '*') i++;
    return i === wanted.length;
  };
}

function readNumber(name: string, token: Token): number {
  if (!/^(0x[\da-f]+|\d+)$/i.test(token.text))
    throw new FilterFailure(`${name} is compared with a whole number`, token);
  return Number(token.text);
}

function readDuration(name: string, token: Token): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([a-zµμ]+)$/i.exec(token.text) ?? [];
  const ns = unit === undefined ? undefined : NS_PER_UNIT[unit.toLowerCase()];
  if (number === undefined || ns === undefined) {
    const isBare = /^\d+(\.\d+)?$/.test(token.text);
    throw new FilterFailure(
      `${name} is compared with a time: a number and ns, us, ms or s, such as 1.5ms`,
      token,
      isBare ? `${token.text}ms` : null,
    );
  }
  return Number(number) * ns;
}
