// Colours and type of a picture, read from the page so that they are defined once.
import { FONT } from '../render/fonts.ts';

const NAMES = ['map', 'card', 'ink', 'muted', 'line', 'wall', 'wire', 'request', 'reply', 'error', 'drop'] as const;

/** Name of a custom property of the style sheet → colour. */
export type Inks = Readonly<Record<(typeof NAMES)[number], string>>;

export function readInks(element: Element): Inks {
  const style = getComputedStyle(element);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Inks;
}

export interface FontParts {
  readonly family: string;
  readonly size: number;
  readonly weight: string;
}

/** @param font as the map writes them: weight, size in px, families */
export function fontParts(font: string): FontParts {
  const [, weight = '400', size = '12', family = 'sans-serif'] = /^(\d+) ([\d.]+)px (.*)$/.exec(font) ?? [];
  return { family, size: Number(size), weight };
}

export const fontAttributes = (font: string): Readonly<Record<string, string | number | undefined>> => {
  const { family, size, weight } = fontParts(font);
  const usual = fontParts(FONT.text);
  return {
    'font-family': family === usual.family ? undefined : family,
    'font-size': size === usual.size ? undefined : size,
    'font-weight': weight === usual.weight ? undefined : weight,
  };
};
