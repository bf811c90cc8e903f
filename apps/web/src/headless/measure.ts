// How wide text is where there is no browser to ask: in DejaVu, the font that the style sheet names besides the system's own. It is a wide
// one, so that in most others text has room, too.
import { fontParts } from '../share/inks.ts';
import widths from './dejavu-widths.json' with { type: 'json' };

/** Thousandths of the size of type. */
type Widths = ReadonlyMap<string, number>;

const readWidths = (table: Readonly<Record<string, string>>): Widths =>
  new Map(Object.entries(table).flatMap(([width, characters]) => [...characters].map((each) => [each, Number(width)])));

const REGULAR = readWidths(widths.regular);
const BOLD = readWidths(widths.bold);
const MONO = 602;
/** Ideographs and pictures. */
const WIDE_FROM = 0x2e80;
const WIDE = 1000;
const USUAL = 680;

export function textWidth(text: string, font: string): number {
  const { family, size, weight } = fontParts(font);
  const table = Number(weight) >= 600 ? BOLD : REGULAR;
  const isMono = family.includes('mono');
  let sum = 0;
  for (const character of text) {
    const isWide = (character.codePointAt(0) ?? 0) >= WIDE_FROM;
    sum += isWide ? WIDE : isMono ? MONO : (table.get(character) ?? USUAL);
  }
  return (sum * size) / 1000;
}
