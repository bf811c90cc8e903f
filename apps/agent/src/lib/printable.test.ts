import { expect, test } from 'vitest';
import { printable } from './printable.ts';

test.each([
  ['\u001b[2J\u001b]0;owned\u0007', '?[2J?]0;owned?'],
  ['a\nb\rc\td\0e', 'a?b?c?d?e'],
  ['\u009b31m', '?31m'],
  ['web\u202egpj.exe', 'web?gpj.exe'],
  ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
  ['größe-コンテナ-🐳', 'größe-コンテナ-🐳'],
])('%j', (text, expected) => {
  expect(printable(text)).toBe(expected);
});
