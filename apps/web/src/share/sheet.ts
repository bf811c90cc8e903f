// A picture as a whole: what it shows and when and where in lines above it, the legend below it.
import { FONT } from '../render/fonts.ts';
import type { TextFitter } from '../render/text-fit.ts';
import type { Cover } from './cover.ts';
import { fontParts, type Inks } from './inks.ts';
import { type LegendFacts, legendPicture, textAt } from './legend-picture.ts';
import { escapeXml, tag } from './xml.ts';

/** What the lines and the legend stand around. */
export interface Body {
  /** Its upper left corner is at the origin; what lies outside of its size is cut off. */
  readonly markup: string;
  readonly width: number;
  readonly height: number;
  /** The colour that it stands on. */
  readonly ground: string;
}

export interface Sheet {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

const PAD = 16;
const LEAST_WIDTH = 480;
const TITLE = { font: FONT.title.replace('14px', '16px'), height: 24 };
const LINE = 18;
const MOST_LINES = 6;

export function drawSheet(body: Body, cover: Cover, legend: LegendFacts, inks: Inks, fitter: TextFitter): Sheet {
  const width = Math.max(LEAST_WIDTH, Math.ceil(body.width));
  const inner = width - 2 * PAD;
  const out: string[] = [];
  let y = PAD;
  for (const text of fitter.wrap(cover.title, TITLE.font, inner, 2)) {
    out.push(textAt(text, PAD, y + 14, inks.ink, TITLE.font));
    y += TITLE.height;
  }
  for (const { text, isBad } of cover.lines) {
    const font = isBad ? FONT.strong : FONT.text;
    for (const part of fitter.wrap(text, font, inner, MOST_LINES)) {
      out.push(textAt(part, PAD, y + 12, isBad ? inks.drop : inks.muted, font));
      y += LINE;
    }
  }
  y += PAD - 6;
  const bodyY = y;
  y += Math.ceil(body.height);
  const bottom = legendPicture(legend, inks, fitter, inner);
  const height = y + bottom.height + PAD;
  const rule = (at: number): string =>
    tag('path', { d: `M0 ${at - 0.5}H${width}`, stroke: inks.line, 'stroke-width': 1, fill: 'none' });
  const { family, size } = fontParts(FONT.text);
  const svg = tag(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      'font-family': family,
      'font-size': size,
    },
    tag('title', {}, escapeXml(cover.title)) +
      tag('desc', {}, escapeXml(cover.lines.map(({ text }) => text).join('\n'))) +
      tag('rect', { width, height, fill: inks.card }) +
      out.join('') +
      tag('rect', { y: bodyY, width, height: Math.ceil(body.height), fill: body.ground }) +
      tag(
        'svg',
        {
          x: Math.floor((width - body.width) / 2),
          y: bodyY,
          width: body.width,
          height: body.height,
          overflow: 'hidden',
        },
        body.markup,
      ) +
      rule(bodyY) +
      rule(y) +
      tag('g', { transform: `translate(${PAD} ${y + PAD / 2})` }, bottom.markup),
  );
  return { svg: `<?xml version="1.0" encoding="UTF-8"?>\n${svg}\n`, width, height };
}
