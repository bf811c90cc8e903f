import { expect, test } from 'vitest';
import { helpFor, helpForAll } from './help.ts';
import { COMMANDS, COMMON_OPTIONS } from './options.ts';

const pages = [
  { name: 'hopscope', text: helpForAll() },
  ...COMMANDS.map((command) => ({ name: command.name, text: helpFor(command) })),
];

test.each(pages)('the help of $name fits on one screen of 24 lines and 80 columns', ({ text }) => {
  const lines = text.trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

test.each(COMMANDS)('the help of $name names every option', (command) => {
  const text = helpFor(command);
  for (const name of Object.keys({ ...command.options, ...COMMON_OPTIONS })) expect(text).toContain(`--${name}`);
});
