import { expect, test } from 'vitest';
import { Failure } from '../lib/failure.ts';
import { FORMATS, formatNamed, formatOfPath } from './formats.ts';

test.each(FORMATS.map((format) => [format.ending, format] as const))(
  '%s is found by ending and by name',
  (ending, format) => {
    expect(formatOfPath(`/tmp/a.b${ending}`)).toBe(format);
    expect(formatOfPath(`INCIDENT${ending.toUpperCase()}`)).toBe(format);
    expect(formatNamed(ending.slice(1))).toBe(format);
  },
);

test.each(['x.pdf', 'x', 'pcapng', 'x.json', ''])('%s is refused with a list of what there is', (path) => {
  expect(() => formatOfPath(path)).toThrow(Failure);
  for (const { ending } of FORMATS) expect(() => formatOfPath(path)).toThrow(ending);
  for (const { ending } of FORMATS) expect(() => formatNamed(`${path}x`)).toThrow(ending.slice(1));
});
