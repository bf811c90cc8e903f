// The waterfall of an exchange as SVG: wider than beside the map, and with the name of every device written out.
import type { Direction, Exchange } from '@hopscope/model';
import { formatDuration } from '../lib/format.ts';
import { FONT } from '../render/fonts.ts';
import type { TextFitter } from '../render/text-fit.ts';
import type { Names } from '../store/names.ts';
import { axisTicks, buildWaterfall, type WaterfallBar } from '../store/waterfall.ts';
import { fontAttributes, type Inks } from './inks.ts';
import { textAt } from './legend-picture.ts';
import type { Body } from './sheet.ts';
import { escapeXml, tag } from './xml.ts';

const WIDTH = 960;
const PAD = 16;
const ROW = 24;
const AXIS = 30;
const TICKS = 8;
const GAP = 14;
const MOST_NAME = 320;
const LEAST_BAR = 2;
/** Packets go down and come back up side by side. */
const SHIFT: Readonly<Record<Direction, number>> = { request: -4.5, reply: 4.5, error: 4.5 };

export function waterfallPicture(exchange: Exchange, names: Names, inks: Inks, fitter: TextFitter): Body | null {
  const { rows, bars, drops, totalNs, more } = buildWaterfall(exchange);
  if (bars.length === 0) return null;
  const labels = rows.map(({ ifname, netns }) => ({ ifname, netns: names.namespace(netns) }));
  const widths = labels.map((each) => fitter.width(each.ifname, FONT.name) + 8 + fitter.width(each.netns, FONT.text));
  const left = PAD + Math.min(MOST_NAME, Math.ceil(Math.max(...widths))) + GAP;
  // Room for the last mark's text, half of which lies beyond the scale.
  const right = WIDTH - PAD - 30;
  const xOf = (ns: number): number => left + ((right - left) * ns) / totalNs;
  const bottom = AXIS + rows.length * ROW;

  const names_ = labels.map(({ ifname, netns }, row) => {
    const name = fitter.fit(ifname, FONT.name, left - PAD - GAP);
    const at = PAD + fitter.width(name, FONT.name) + 8;
    const rest = fitter.fit(netns, FONT.text, left - GAP - at);
    const y = middleOf(row) + 4;
    return textAt(name, PAD, y, inks.ink, FONT.name) + (rest === '' ? '' : textAt(rest, at, y, inks.muted, FONT.text));
  });
  const axis = axisTicks(totalNs, TICKS).map((ns, i) => {
    const [x, text] = [xOf(ns), i === 0 ? '0' : formatDuration(ns)];
    return (
      tag('path', { d: `M${x} ${AXIS - 4}V${bottom}`, stroke: inks.line, 'stroke-width': 1, fill: 'none' }) +
      tag(
        'text',
        { x, y: AXIS - 9, 'text-anchor': 'middle', fill: inks.muted, ...fontAttributes(FONT.text) },
        escapeXml(text),
      )
    );
  });
  const crosses = drops.map(({ row, atNs }) => {
    const [x, y] = [xOf(atNs), middleOf(row)];
    const d = `M${x - 5} ${y - 5}L${x + 5} ${y + 5}M${x + 5} ${y - 5}L${x - 5} ${y + 5}`;
    const pen = { d, fill: 'none', 'stroke-linecap': 'round' };
    const title = tag('title', {}, escapeXml(`dropped after ${formatDuration(atNs)}`));
    const ring = tag('path', { ...pen, stroke: inks.card, 'stroke-width': 6 });
    return tag('g', {}, title + ring + tag('path', { ...pen, stroke: inks.drop, 'stroke-width': 3 }));
  });
  const rest = more === 0 ? '' : textAt(`${more} more hops are not drawn.`, PAD, bottom + 18, inks.muted, FONT.text);
  return {
    markup: [...axis, ...names_, ...bars.map((bar) => drawBar(bar, xOf, inks)), ...crosses, rest].join(''),
    width: WIDTH,
    height: bottom + (more === 0 ? 10 : 28),
    ground: inks.card,
  };
}

const middleOf = (row: number): number => AXIS + (row + 0.5) * ROW;

function drawBar({ row, fromRow, direction, segments, number }: WaterfallBar, xOf: (ns: number) => number, inks: Inks) {
  const y = middleOf(row) + SHIFT[direction];
  const colour = inks[direction];
  const x = xOf(segments[0]?.fromNs ?? 0);
  const from =
    fromRow === null || fromRow === row
      ? ''
      : tag('path', {
          d: `M${x} ${middleOf(fromRow) + SHIFT[direction]}V${y}`,
          stroke: colour,
          'stroke-width': 1.25,
          'stroke-opacity': 0.55,
          fill: 'none',
        });
  const drawn = segments.map(({ kind, fromNs, toNs, text }) => {
    const thickness = kind === 'stage' ? 8 : 3.5;
    const width = Math.max(LEAST_BAR, xOf(toNs) - xOf(fromNs));
    const box = { x: xOf(fromNs), y: y - thickness / 2, width, height: thickness };
    return tag('rect', { ...box, fill: colour }, tag('title', {}, escapeXml(`${number}: ${text}`)));
  });
  return from + drawn.join('');
}
