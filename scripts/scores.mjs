// `node scripts/scores.mjs [--write]`: the table of the ground-truth cases, from what the last test runs measured
// (artifacts/scores.jsonl). With --write it goes into docs/identity.md, between the markers.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Failure, main, root } from './lib/terminal.mjs';

const SCORES = join(root, 'artifacts/scores.jsonl');
const DOCUMENT = join(root, 'docs/identity.md');
const BEGIN = '<!-- scores:begin -->';
const END = '<!-- scores:end -->';

const CASES = {
  C1: 'pings container to container and to the outside, every hop of every packet',
  C2: 'namespaces with the same addresses, ids and sequence numbers at once',
  C3: 'numbered UDP packets, none merged and none split',
  C4: 'a flood to eight ports of a bridge, one trunk and eight branches',
  C5: 'DNAT and masquerading, one journey with both tuples',
  C6: 'faults whose reason and place equal the kernel’s',
  C7: 'a flood beyond capacity, and the ledger balances',
  C8: 'random changes, and the map equals `ip -d -j link`',
  C9: 'XDP, NAPI, GRO, VXLAN, macvlan, extension headers, fragments: one journey each',
  C10: 'a namespace deleted and its number used again, never joined',
};

/** The newest line of each case and claim, in order of the cases; a line for each case without any. */
function readScores() {
  const lines = existsSync(SCORES) ? readFileSync(SCORES, 'utf8').trim().split('\n') : [];
  const newest = new Map();
  for (const line of lines.filter((each) => each !== '')) {
    const score = JSON.parse(line);
    newest.delete(`${score.id} ${score.claim}`);
    newest.set(`${score.id} ${score.claim}`, score);
  }
  const scores = [...newest.values()];
  return Object.entries(CASES).flatMap(([id, claim]) => {
    const its = scores.filter((score) => score.id === id);
    return its.length > 0 ? its : [{ id, claim }];
  });
}

function resultOf({ measured, skipped }) {
  if (skipped !== undefined) return `skipped: ${skipped}`;
  if (measured === undefined) return 'missing: not run, or failed';
  const text = (value) => (typeof value === 'number' ? value.toLocaleString('en') : value);
  return Object.entries(measured)
    .map(([what, value]) => `${what}: ${text(value)}`)
    .join('; ');
}

function table(scores) {
  const cell = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
  const rows = scores.map((score) => [score.id, score.claim, resultOf(score)].map(cell));
  const head = ['case', 'must show', 'measured'];
  const widths = head.map((text, column) => Math.max(text.length, ...rows.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((text, column) => text.padEnd(widths[column])).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** When and on what: the newest line says it for all. */
function origin(scores) {
  const [last] = scores.filter(({ time }) => time !== undefined).sort((a, b) => b.time.localeCompare(a.time));
  return last === undefined ? '' : `Measured on kernel ${last.kernel}, ${last.time.slice(0, 10)}.\n\n`;
}

main(async () => {
  const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
  const scores = readScores();
  const text = `${origin(scores)}${table(scores)}`;
  process.stdout.write(`${text}\n`);
  if (!values.write) return;
  const document = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, 'utf8') : '';
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin < 0 || end < begin) throw new Failure(`docs/identity.md has no lines ${BEGIN} and ${END} to write between`);
  writeFileSync(DOCUMENT, `${document.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${document.slice(end)}`);
});
