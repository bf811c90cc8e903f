// Every format, by what the file's name ends in. A new one is a line here and a file beside this one.
import { EXIT, Failure } from '../lib/failure.ts';
import { printable } from '../lib/printable.ts';
import type { ExportFormat } from './format.ts';
import { incident } from './incident.ts';
import { jsonLines } from './json-lines.ts';
import { otlp } from './otlp.ts';
import { paths } from './paths.ts';
import { pcapng } from './pcapng.ts';
import { png, svg } from './picture.ts';
import { recording } from './recording.ts';
import { summary } from './summary.ts';
import { dot, mermaid } from './topology.ts';

export const FORMATS: readonly ExportFormat[] = [
  pcapng,
  jsonLines,
  summary,
  mermaid,
  dot,
  paths,
  otlp,
  svg,
  png,
  incident,
  recording,
];

const nameOf = ({ ending }: ExportFormat) => ending.slice(1);
const allNames = () => FORMATS.map(nameOf).join(', ');

/** @param path ends like the format's files do @throws Failure (usage) that lists what there is */
export function formatOfPath(path: string): ExportFormat {
  const found = FORMATS.find(({ ending }) => path.toLowerCase().endsWith(ending));
  if (found !== undefined) return found;
  const endings = FORMATS.map(({ ending }) => ending).join(', ');
  throw new Failure(EXIT.usage, `${printable(path)} ends in none of ${endings}: use one of them, or --format`);
}

/** @param name `pcapng` @throws Failure (usage) that lists what there is */
export function formatNamed(name: string): ExportFormat {
  const found = FORMATS.find((format) => nameOf(format) === name.replace(/^\./, ''));
  if (found !== undefined) return found;
  throw new Failure(EXIT.usage, `"${printable(name)}" is not a format: ${allNames()}`);
}

/** For `--help`: three a line. */
export function formatLines(): string[] {
  const widest = Math.max(...FORMATS.map(({ ending }) => ending.length));
  const cells = FORMATS.map(({ ending, about }) => `${ending.padEnd(widest)} ${about}`);
  const width = Math.max(...cells.map((cell) => cell.length));
  const lines: string[] = [];
  for (let i = 0; i < cells.length; i += PER_LINE) {
    const row = cells.slice(i, i + PER_LINE).map((cell) => cell.padEnd(width));
    lines.push(`  ${row.join(' ').trimEnd()}`);
  }
  return lines;
}

const PER_LINE = 3;
