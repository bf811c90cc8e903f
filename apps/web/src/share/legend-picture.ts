// The legend under a picture: only what the picture may hold.
import type { Direction } from '@hopscope/model';
import { flowWidth } from '../graph/flow.ts';
import { formatCount } from '../lib/format.ts';
import { FONT } from '../render/fonts.ts';
import type { TextFitter } from '../render/text-fit.ts';
import { fontAttributes, type Inks } from './inks.ts';
import { escapeXml, tag } from './xml.ts';

export interface LegendFacts {
  readonly hasData: boolean;
  /** Wires as thick as what they carry; not in a waterfall. */
  readonly hasWires: boolean;
  /** In words: a broken path, dots that stand for several packets. */
  readonly remarks: readonly string[];
}

interface Item {
  readonly mark: string;
  readonly markWidth: number;
  readonly text: string;
  readonly colour: string;
}

const LINE = 20;
const GAP = 18;
const RATES = [1, 100, 10_000];

/** @returns markup whose upper left corner is at the origin, and its height */
export function legendPicture(
  facts: LegendFacts,
  inks: Inks,
  fitter: TextFitter,
  width: number,
): { markup: string; height: number } {
  let [x, line] = [0, 0];
  const parts = itemsOf(facts, inks).map(({ mark, markWidth, text, colour }) => {
    const wide = markWidth + fitter.width(text, FONT.text);
    if (x > 0 && x + wide > width) [x, line] = [0, line + 1];
    const words = tag('text', { x: markWidth, y: 4, fill: colour }, escapeXml(text));
    const part = tag('g', { transform: `translate(${Math.round(x)} ${line * LINE + LINE / 2})` }, mark + words);
    x += wide + GAP;
    return part;
  });
  return { markup: parts.join(''), height: (line + 1) * LINE };
}

function itemsOf({ hasData, hasWires, remarks }: LegendFacts, inks: Inks): Item[] {
  const dot = (direction: Direction, d: string, text: string): Item => ({
    mark: tag('path', { d, fill: inks[direction] }),
    markWidth: 16,
    text,
    colour: inks.ink,
  });
  const square = dot('request', 'M1 -4.5h9v9h-9z', 'UDP, TCP');
  const cross = { d: 'M2 -4L10 4M10 -4L2 4', fill: 'none', stroke: inks.drop, 'stroke-width': 2.6 };
  const wires = RATES.map((rate, i): Item => {
    const text = `${formatCount(rate)}${i === RATES.length - 1 ? ' packets/s' : ''}`;
    const line = { d: 'M0 0H18', stroke: inks.wire, 'stroke-width': flowWidth(rate) ?? 1 };
    return { mark: tag('path', line), markWidth: 22, text, colour: inks.muted };
  });
  return [
    dot('request', 'M0.5 0a5 5 0 1 1 10 0a5 5 0 1 1 -10 0', 'request'),
    ...(hasData ? [square] : []),
    dot('reply', 'M5.5 -6L11.5 0L5.5 6L-0.5 0z', 'reply'),
    dot('error', 'M5.5 -6L11.5 5H-0.5z', 'error'),
    { mark: tag('path', { ...cross, 'stroke-linecap': 'round' }), markWidth: 16, text: 'drop', colour: inks.ink },
    ...(hasWires ? wires : []),
    ...remarks.map((text): Item => ({ mark: '', markWidth: 0, text, colour: inks.ink })),
  ];
}

/** As text on a picture is written where its font is another one. */
export const textAt = (text: string, x: number, y: number, fill: string, font: string): string =>
  tag('text', { x, y, fill, ...fontAttributes(font) }, escapeXml(text));
