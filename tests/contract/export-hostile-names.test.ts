// Names that are formulas, markup, syntax or a terminal's escapes are text in every format.
import { describe, expect, test } from 'vitest';
import { FORMATS, formatNamed } from '../../apps/agent/src/export/formats.ts';
import { hostileIncident } from './support/hostile-incident.ts';
import { exported, sourceOf } from './support/incident.ts';

/** Of the others tests/contract/export-programs.test.ts asks who reads them; of the page a browser (tests/e2e/incident.spec.ts). */
const BINARY = ['.pcapng', '.hops', '.png', '.html'];

const textOf = async (name: string) =>
  (await exported(formatNamed(name), sourceOf(await hostileIncident()))).toString();

test.each(FORMATS.map(({ ending }) => ending).filter((ending) => !BINARY.includes(ending)))(
  '%s has no escape that a terminal acts on, and no character that hides or reorders',
  async (ending) => {
    const text = await textOf(ending.slice(1));
    expect(text.length).toBeGreaterThan(100);
    expect(/(?![\t\r\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.exec(text)).toBeNull();
  },
);

test('CSV has as many cells in each line, and no formula', async () => {
  const rows = cellsOf(await textOf('csv'));
  expect(rows.length).toBe(11);
  for (const row of rows) {
    expect(row).toHaveLength(22);
    for (const cell of row) expect(cell).toMatch(/^(-?[\d.]+$|[^=+\-@\t\r])|^$/);
  }
  // A spreadsheet takes what begins with an apostrophe for text.
  expect(rows[1]?.[6]).toMatch(/^'=\d\+1<\/title><script>/);
});

/** RFC 4180. */
function cellsOf(text: string): string[][] {
  const rows: string[][] = [];
  for (const [, row = ''] of text.matchAll(/((?:"(?:[^"]|"")*"|[^"\r])*)\r\n/g)) {
    rows.push([...`${row},`.matchAll(/("(?:[^"]|"")*"|[^",]*),/g)].map(([, cell = '']) => cell.replace(/^"|"$/g, '')));
  }
  return rows;
}

describe('Markdown', () => {
  test('has no markup but its own', async () => {
    const text = await textOf('md');
    // Code stays code: between backticks nothing is markup, and no name has one.
    const plain = text.replace(/`[^`\n]*`/g, '').replace(/\\./g, '');
    expect(plain).not.toMatch(/[<>`[\]]|\*\*#|__/);
    expect(plain.split('\n').filter((line) => line.startsWith('#'))).toHaveLength(5);
  });

  test('has as many cells in each row of a table', async () => {
    const widths: number[][] = [[]];
    for (const line of (await textOf('md')).split('\n')) {
      if (line.startsWith('|')) widths.at(-1)?.push(line.replace(/\\./g, '').split('|').length);
      else if (widths.at(-1)?.length !== 0) widths.push([]);
    }
    expect(widths.filter((all) => all.length > 2).length).toBe(2);
    for (const all of widths) expect(new Set(all).size).toBeLessThanOrEqual(1);
  });
});

test('Mermaid has no line but those of its grammar', async () => {
  const text = '"[^"&<>`[\\]{}|\\\\\\n]*(?:<br>[^"&<>`[\\]{}|\\\\\\n]*)*"';
  const grammar = new RegExp(
    `^(flowchart LR|  subgraph ns\\d+\\[${text}\\]|    ns\\d+_if\\d+(\\[${text}\\]|\\[\\[${text}\\]\\])|  end|  ns\\d+_if\\d+ ---(\\|${text}\\|)? ns\\d+_if\\d+)$`,
  );
  const lines = (await textOf('mmd')).trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(20);
  expect(lines.filter((line) => !grammar.test(line))).toEqual([]);
});

test.each(['jsonl', 'otlp.json'])('%s keeps every name as it is', async (name) => {
  const incident = await hostileIncident();
  const lines = (await textOf(name)).trimEnd().split('\n');
  const texts: string[] = [];
  for (const line of lines) JSON.parse(line, (_, value) => (typeof value === 'string' ? texts.push(value) : value));
  const topology = incident.entries.flatMap(({ frame }) =>
    frame instanceof Uint8Array || frame.type !== 'topology' ? [] : frame.topology.namespaces,
  );
  const web = topology[1]?.names[0]?.text ?? '';
  expect(web).toContain('\u001b[2J');
  expect(texts.some((text) => text.includes(web))).toBe(true);
});
