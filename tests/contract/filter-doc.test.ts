// docs/filter.md lists the fields of the filter language as the code has them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FILTER_FIELDS, parseFilter } from '@hopscope/model';
import { expect, it } from 'vitest';

const text = readFileSync(join(import.meta.dirname, '../../docs/filter.md'), 'utf8');

it('lists every field with its kind of value, what it is and the values that are known', () => {
  const [, fields = ''] = text.split('## Fields');
  const rows = [...fields.matchAll(/^\| `(.+?)` *\| (.+?) *\| (.+?) *\| (.*?) *\|$/gm)].map((row) => row.slice(1));
  const wanted = Object.entries(FILTER_FIELDS).map(([name, { type, help, choices = [] }]) => [
    name,
    type,
    help,
    choices.map((choice) => `\`${choice}\``).join(', '),
  ]);
  expect(rows).toEqual(wanted);
});

it('gives examples that are filters', () => {
  const [, examples = ''] = /```\n([\s\S]+?)\n```/.exec(text) ?? [];
  expect(examples.split('\n')).toHaveLength(3);
  for (const example of examples.split('\n')) expect(parseFilter(example), example).toMatchObject({ ok: true });
});
