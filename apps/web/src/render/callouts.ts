// Drops on the map: ✕ where it happened and, for the latest ones, a box that says why.
import type { Exchange } from '@hopscope/model';
import type { NodeId } from '../graph/graph.ts';
import type { Placement } from '../layout/placement.ts';
import { type Box, overlap, type Point } from '../lib/geometry.ts';
import type { DropWords } from '../store/words.ts';
import { FONT } from './fonts.ts';
import type { Layer } from './paint-boxes.ts';
import { child, resize, SVG_NAMESPACE, write } from './svg.ts';
import type { TextFitter } from './text-fit.ts';

export interface DropSite {
  readonly key: string;
  readonly node: NodeId;
  readonly point: Point;
  /** The latest dropped here for this reason. */
  readonly exchange: Exchange;
  readonly words: DropWords;
  /** Dropped here for this reason while the mark was up. */
  readonly count: number;
  readonly atMs: number;
}

/** A mark stays this long after its packet died, unless its exchange is selected. */
const MARK_MS = 7000;
const MAX_CALLOUTS = 2;
const LINE = 17;
const PAD = 11;
const MAX_WIDTH = 300;
const GAP = 26;
/** The whole sentence stands beside the map. */
const SENTENCE_LINES = 5;

export interface Callouts {
  /** A packet was dropped just now, or several in one dot. */
  note(site: Omit<DropSite, 'key'>): void;
  /** The drop of the selected exchange: it alone has a box until another one is selected, or none (null). */
  pin(site: Omit<DropSite, 'key'> | null): void;
  /** Forgets old marks; answers whether anything changed. */
  prune(nowMs: number): boolean;
  /**
   * @param visible the part of the map on the screen, in graph space
   * @param type factor on the size of the box, in graph space
   * @param isSelecting an exchange is selected, dropped or not: other marks are pale
   */
  paint(layer: Layer, placement: Placement, visible: Box, fitter: TextFitter, type: number, isSelecting: boolean): void;
  /** Forgets the marks of other exchanges. */
  retain(passes: (id: number) => boolean): void;
  clear(): void;
}

export function createCallouts(onPick: (exchange: Exchange) => void): Callouts {
  let sites: DropSite[] = [];
  let pinned: number | null = null;

  const keyOf = (site: Omit<DropSite, 'key'>): string => `${site.node} ${site.words.reason}`;

  return {
    note(site) {
      const key = keyOf(site);
      const before = sites.find((each) => each.key === key);
      // A replayed exchange is not dropped again, and the one being looked at keeps its box.
      const isSame = before?.exchange.id === site.exchange.id;
      const count = (before?.count ?? 0) + (isSame ? 0 : site.count);
      const shown = before !== undefined && before.exchange.id === pinned ? before : site;
      sites = [...sites.filter((each) => each.key !== key), { ...shown, key, count, atMs: site.atMs }];
    },
    pin(site) {
      pinned = site?.exchange.id ?? null;
      if (site === null) return;
      const key = keyOf(site);
      const count = sites.find((each) => each.key === key)?.count ?? site.count;
      sites = [...sites.filter((each) => each.key !== key), { ...site, key, count }];
    },
    prune(nowMs) {
      const kept = sites.filter((site) => nowMs - site.atMs < MARK_MS || site.exchange.id === pinned);
      const isChanged = kept.length !== sites.length;
      sites = kept;
      return isChanged;
    },
    retain(passes) {
      sites = sites.filter((site) => site.exchange.id === pinned || passes(site.exchange.id));
    },
    clear() {
      sites = [];
      pinned = null;
    },
    paint(layer, placement, visible, fitter, type, isSelecting) {
      const isPinned = (site: DropSite): boolean => site.exchange.id === pinned;
      const withBox = isSelecting ? sites.filter(isPinned) : sites.slice(-MAX_CALLOUTS);
      const obstacles = obstaclesOf(placement);
      const boxes = new Map<string, Box>();
      for (const site of withBox) {
        const box = placeCallout(site, fitter, [...obstacles, ...boxes.values()], visible, type);
        boxes.set(site.key, box);
      }
      layer
        .selectAll<SVGGElement, DropSite>('g.drop')
        .data(sites, (site) => site.key)
        .join((enter) => {
          const group = enter.append('g').attr('class', 'drop');
          group.append('path').attr('class', 'drop-line');
          group.append('path').attr('class', 'drop-cross-ring').attr('d', 'M-7 -7L7 7M7 -7L-7 7');
          group.append('path').attr('class', 'drop-cross').attr('d', 'M-7 -7L7 7M7 -7L-7 7');
          const callout = group.append('g').attr('class', 'callout');
          callout.append('rect');
          group.on('click', (_, site) => onPick(site.exchange));
          return group;
        })
        .classed('is-pale', (site) => isSelecting && !isPinned(site))
        .attr('transform', (site) => `translate(${site.point.x} ${site.point.y}) scale(${type})`)
        .each(function paint(site) {
          paintSite(this, site, boxes.get(site.key), fitter, type);
        });
    },
  };
}

interface Line {
  readonly text: string;
  readonly kind: 'title' | 'text' | 'more';
}

const fontOf = (line: Line): string => (line.kind === 'title' ? FONT.strong : FONT.text);

function linesOf({ words, count }: DropSite, fitter: TextFitter): Line[] {
  const title = `✕ dropped: ${words.reason}${count > 1 ? ` ×${count}` : ''}`;
  const sentence = fitter.wrap(words.sentence.replaceAll('`', ''), FONT.text, MAX_WIDTH - 2 * PAD, SENTENCE_LINES);
  return [
    { text: title, kind: 'title' },
    ...sentence.map((text): Line => ({ text, kind: 'text' })),
    ...words.lines.map((text): Line => ({ text, kind: 'more' })),
  ];
}

function calloutSize(lines: readonly Line[], fitter: TextFitter): { width: number; height: number } {
  const widths = lines.map((line) => fitter.width(line.text, fontOf(line)));
  return {
    width: Math.min(MAX_WIDTH, Math.max(...widths) + 2 * PAD),
    height: lines.length * LINE + 2 * PAD - 5,
  };
}

/** Everything with text in it. */
function obstaclesOf(placement: Placement): Box[] {
  const titles = placement.namespaces.map(({ box }) => ({ x: box.x, y: box.y, width: box.width, height: 42 }));
  return [...placement.boxes.values(), ...titles];
}

/** The place around the mark that hides least and is near; what lies beyond the visible part of the map counts as hidden. */
function placeCallout(site: DropSite, fitter: TextFitter, obstacles: readonly Box[], visible: Box, type: number): Box {
  const size = calloutSize(linesOf(site, fitter), fitter);
  const width = size.width * type;
  const height = size.height * type;
  const { x, y } = site.point;
  const gap = GAP * type;
  const lefts = [x - width - gap, x - width + 30 * type, x - width / 2, x - 30 * type, x + gap];
  const below = [0, 40, 80, 140].map((more) => y + gap + more);
  const above = [0, 40, 100].map((more) => y - gap - more - height);
  const tops = [...below, ...above, y - height / 2];
  const mark = { x: x - 12, y: y - 12, width: 24, height: 24 };
  let best: Box = { x, y, width, height };
  let bestCost = Number.POSITIVE_INFINITY;
  for (const top of tops) {
    for (const left of lefts) {
      const box = { x: left, y: top, width, height };
      const hidden = obstacles.reduce((sum, obstacle) => sum + overlap(box, obstacle), 0);
      const beyond = width * height - overlap(box, visible);
      const far = Math.hypot(left + width / 2 - x, top + height / 2 - y);
      const cost = hidden * 3 + beyond * 4 + far * 8 + overlap(box, mark) * 1000;
      if (cost < bestCost) {
        best = box;
        bestCost = cost;
      }
    }
  }
  return best;
}

/** The point of the box's edge nearest to the mark at the origin. */
function nearestEdge(box: Box): Point {
  const x = Math.max(box.x, Math.min(box.x + box.width, 0));
  const y = Math.max(box.y, Math.min(box.y + box.height, 0));
  return { x, y };
}

/** @param placed in graph space; inside the element one unit is `type` of those */
function paintSite(
  element: SVGGElement,
  site: DropSite,
  placed: Box | undefined,
  fitter: TextFitter,
  type: number,
): void {
  const callout = child(element, '.callout', 'g');
  const line = child(element, '.drop-line', 'path');
  const lines = placed === undefined ? [] : linesOf(site, fitter);
  for (const old of callout.querySelectorAll('text')) old.remove();
  callout.classList.toggle('is-empty', placed === undefined);
  if (placed === undefined) {
    line.setAttribute('d', '');
    return;
  }
  const x = (placed.x - site.point.x) / type;
  const y = (placed.y - site.point.y) / type;
  const box = { x, y, width: placed.width / type, height: placed.height / type };
  const edge = nearestEdge(box);
  const far = Math.max(1, Math.hypot(edge.x, edge.y));
  line.setAttribute('d', `M${(edge.x / far) * 11} ${(edge.y / far) * 11}L${edge.x} ${edge.y}`);
  callout.setAttribute('transform', `translate(${x} ${y})`);
  resize(child(callout, 'rect', 'rect'), box.width, box.height, 9);
  for (const [i, line] of lines.entries()) {
    const node = document.createElementNS(SVG_NAMESPACE, 'text');
    node.setAttribute('class', `callout-${line.kind}`);
    write(node, fitter.fit(line.text, fontOf(line), box.width - 2 * PAD), PAD, PAD + 10 + i * LINE);
    callout.append(node);
  }
}
