// Interfaces, bars, loopbacks and stacks. Every text from the machine goes in through textContent.
import type { NetnsId } from '@hopscope/protocol';
import { defaultGateway, describeDevice, describeNamespace, type Tag } from '../graph/describe.ts';
import { signOf } from '../graph/device-kinds.ts';
import type { NodeId } from '../graph/graph.ts';
import type { PlacedDevice, PlacedNamespace, Placement, Wire } from '../layout/placement.ts';
import type { Box, Point } from '../lib/geometry.ts';
import type { Zoom } from './detail.ts';
import { FONT } from './fonts.ts';
import { GLYPHS } from './glyphs.ts';
import type { Layer } from './paint-boxes.ts';
import { child, resize, SVG_NAMESPACE, write } from './svg.ts';
import type { TextFitter } from './text-fit.ts';

const PAD = 7;

/**
 * @param gateways how many namespaces have which device as their default gateway
 * @param host whose devices are never covered
 */
export function paintDevices(
  layer: Layer,
  devices: readonly PlacedDevice[],
  fitter: TextFitter,
  zoom: Zoom,
  gateways: ReadonlyMap<NodeId, number>,
  host: NetnsId | undefined,
): void {
  const isFar = zoom.detail === 'counts' || zoom.detail === 'heat';
  layer
    .selectAll<SVGGElement, PlacedDevice>('g.device')
    .data([...devices], (placed) => placed.node.id)
    .join((enter) => {
      const group = enter.append('g').attr('class', 'device enter').attr('role', 'group');
      group.append('title');
      group.append('rect').attr('class', 'device-box');
      group.append('path').attr('class', 'glyph');
      group.append('text').attr('class', 'device-name');
      group.append('text').attr('class', 'device-kind');
      group.append('text').attr('class', 'device-detail');
      group.append('g').attr('class', 'tags');
      return group;
    })
    .each(function paint(placed) {
      const { id, netns } = placed.node;
      paintDevice(this, placed, fitter, zoom, gateways.get(id) ?? 0, isFar && netns !== host);
    });
}

function paintDevice(
  element: SVGGElement,
  placed: PlacedDevice,
  fitter: TextFitter,
  zoom: Zoom,
  gatewayOf: number,
  isCovered: boolean,
): void {
  const { node, box } = placed;
  const words = describeDevice(node, gatewayOf);
  element.dataset.node = node.id;
  element.dataset.device = node.device;
  element.dataset.shape = node.shape;
  element.dataset.state = words.isDown ? 'down' : 'up';
  element.classList.toggle('is-covered', isCovered);
  element.setAttribute('aria-label', `${node.link.name}, ${words.kind}, ${words.details[0]}`);
  element.setAttribute('transform', `translate(${box.x} ${box.y})`);
  child(element, 'title', 'title').textContent = words.full;
  resize(child(element, '.device-box', 'rect'), box.width, box.height, node.shape === 'loopback' ? 10 : 8);
  paintGlyph(child(element, '.glyph', 'path'), placed, fitter, zoom);
  const text = (name: string): SVGTextElement => child(element, `.device-${name}`, 'text');
  const isFull = zoom.detail === 'full';
  const inner = box.width - 2 * PAD;
  const middle = box.height / 2 + 4 * zoom.type;
  write(text('kind'), '', 0, 0);
  write(text('detail'), '', 0, 0);
  if (isBar(placed)) {
    // paintBarNames, on top of whatever passes through the bar.
  } else if (node.shape === 'loopback') {
    write(text('name'), zoom.type > 1.5 ? '' : node.link.name, box.width / 2 + (isFull ? 6 : 0), 12.5);
  } else if (placed.compact) {
    element.classList.toggle('is-nameless', 12 * zoom.type > box.height + 3);
    const name = 12 * zoom.type > box.height + 3 ? '' : fitter.fit(node.link.name, FONT.name, inner);
    write(text('name'), name, PAD, middle);
    const bad = isFull ? (words.tags.find((tag) => tag.tone === 'bad')?.text ?? '') : '';
    const room = inner - fitter.width(name, FONT.name) - 6;
    write(text('kind'), fitter.fit(bad, FONT.text, room), box.width - PAD, middle);
  } else if (isFull) {
    const name = fitter.fit(node.link.name, FONT.name, inner);
    write(text('name'), name, PAD, 15.5);
    write(text('detail'), fitter.fitOne(words.details, FONT.mono, inner + PAD - 2), PAD, 45.5);
    const room = inner - fitter.width(name, FONT.name) - 8;
    const kind = fitter.width(words.kind, FONT.text) <= room ? words.kind : '';
    write(text('kind'), kind, box.width - PAD, 15.5);
  } else {
    const nameY = zoom.detail === 'names' ? 6 + 11 * zoom.type : middle;
    write(text('name'), fitter.fit(node.link.name, FONT.name, inner + PAD), PAD, nameY);
  }
  const isBad = (tag: Tag): boolean => tag.tone === 'bad';
  const tags = placed.compact || !isFull ? [] : node.shape === 'loopback' ? words.tags.filter(isBad) : words.tags;
  element.dataset.compact = String(placed.compact);
  paintTags(child(element, '.tags', 'g'), tags, box, fitter, zoom.type);
}

/**
 * What kind it is: in the lane where packets pass, for there is no text. Of a bar at its upper end, of a loopback and of a port with one line
 * beside the name.
 */
function paintGlyph(path: SVGPathElement, placed: PlacedDevice, fitter: TextFitter, { detail, type }: Zoom): void {
  const { node, box, compact } = placed;
  const room = box.width - 2 * PAD - fitter.width(node.link.name, FONT.name) - 4;
  const isFar = detail === 'counts' || detail === 'heat';
  const isSmall = (compact && room < COMPACT_GLYPH * 22) || (type > 1.5 && node.shape === 'loopback');
  path.setAttribute('d', isFar || isSmall ? '' : GLYPHS[signOf(node.link)]);
  const place = (x: number, y: number, scale = 1): void =>
    path.setAttribute('transform', `translate(${x} ${y}) scale(${scale})`);
  const { width, height } = box;
  if (isBar(placed)) place(width / 2, BAR_GLYPH / 2 + 2, Math.min(1.5, type));
  else if (node.shape === 'loopback') place(width / 2 - 9, 8.5, 0.7);
  else if (compact) place(width - PAD - COMPACT_GLYPH * 11, height / 2, COMPACT_GLYPH);
  else if (detail === 'full') place(width / 2, height / 2);
  // Below the name alone there is more room.
  else place(PAD + 12 * NAMES_GLYPH, height - 14, NAMES_GLYPH);
}

/** Beside or below names that grew. */
const NAMES_GLYPH = 1.3;
const COMPACT_GLYPH = 0.75;
/** Room for it at the upper end of a bar. */
const BAR_GLYPH = 26;

export const isBar = ({ node, box }: PlacedDevice): boolean => node.shape === 'bridge' && box.height > box.width;

export const barsOf = (placement: Placement): Box[] =>
  placement.namespaces.flatMap(({ devices }) => devices.filter(isBar).map(({ box }) => box));

/**
 * A bar's name and address run along it, upwards, either side of the lane where packets pass; where there is room, between
 * two of its wires.
 */
export function paintBarNames(
  layer: Layer,
  bars: readonly PlacedDevice[],
  wires: readonly Wire[],
  fitter: TextFitter,
  zoom: Zoom,
): void {
  layer
    .selectAll<SVGGElement, PlacedDevice>('g.bar-name')
    .data([...bars], (placed) => placed.node.id)
    .join((enter) => {
      const group = enter.append('g').attr('class', 'bar-name enter');
      group.append('text').attr('class', 'device-name');
      group.append('text').attr('class', 'device-detail');
      return group;
    })
    .each(function paint(placed) {
      const { node, box } = placed;
      this.dataset.node = node.id;
      this.setAttribute('transform', `translate(${box.x} ${box.y})`);
      const free = { ...box, y: box.y + BAR_GLYPH, height: box.height - BAR_GLYPH };
      const along = free.height - 12;
      const name = fitter.fit(node.link.name, FONT.name, along);
      const detail = fitter.fitOne(describeDevice(node).details, FONT.mono, along);
      const ends = wires.flatMap((wire) => endsAt(wire, node.id));
      const isLeft = (end: Point): boolean => end.x < box.x + box.width / 2;
      const place = (text: string, font: string, x: number, at: readonly Point[], selector: string): void => {
        const y = freeMiddle(free, at, fitter.width(text, font)) - box.y;
        const element = child(this, selector, 'text');
        write(element, text, 0, 0);
        element.setAttribute('transform', `translate(${x} ${y}) rotate(-90)`);
      };
      // A single line stands in the middle.
      const isFull = zoom.detail === 'full';
      const nameX = isFull ? 14 + (zoom.type - 1) * 6 : box.width / 2 + 4 * zoom.type;
      place(name, FONT.name, nameX, ends.filter(isLeft), '.device-name');
      place(
        isFull ? detail : '',
        FONT.mono,
        42,
        ends.filter((end) => !isLeft(end)),
        '.device-detail',
      );
    });
}

/** Where a wire touches the node, if it does. */
function endsAt({ edge, points }: Wire, node: NodeId): Point[] {
  const end = edge.a === node ? points[0] : edge.b === node ? points[points.length - 1] : undefined;
  return end === undefined ? [] : [end];
}

/** Middle of the longest stretch of a bar's side without a wire, if `length` fits there; else of the whole bar. */
function freeMiddle(box: Box, ends: readonly Point[], length: number): number {
  const stops = [box.y, ...ends.map((end) => end.y).sort((a, b) => a - b), box.y + box.height];
  let best = { from: box.y, to: box.y };
  for (const [i, to] of stops.entries()) {
    const from = stops[i - 1] ?? to;
    if (to - from > best.to - best.from + 1) best = { from, to };
  }
  const isRoomy = best.to - best.from >= length + 24;
  return isRoomy ? (best.from + best.to) / 2 : box.y + box.height / 2;
}

/** Pills on the lower edge: what is unusual about a device. */
function paintTags(group: SVGGElement, tags: readonly Tag[], box: Box, fitter: TextFitter, type: number): void {
  const key = tags.map((tag) => `${tag.tone}:${tag.text}`).join('|') + type;
  if (group.dataset.key === key) return;
  group.dataset.key = key;
  group.replaceChildren();
  const isTall = box.height > box.width;
  let x = isTall ? 0 : PAD;
  for (const tag of tags) {
    const width = fitter.width(tag.text, FONT.tag) + 12;
    // What finds no room is still in the tooltip.
    if (!isTall && x + width > box.width) continue;
    if (isTall) x = (box.width - width) / 2;
    const pill = document.createElementNS(SVG_NAMESPACE, 'g');
    pill.setAttribute('class', `tag tag-${tag.tone}`);
    pill.setAttribute('transform', `translate(${x} ${box.height - 3})`);
    const rect = document.createElementNS(SVG_NAMESPACE, 'rect');
    resize(rect, width, 16 * type, 8 * type);
    const text = document.createElementNS(SVG_NAMESPACE, 'text');
    write(text, tag.text, width / 2, 12 * type);
    pill.append(rect, text);
    group.append(pill);
    x += width + 4;
  }
}

export function paintStacks(
  layer: Layer,
  namespaces: readonly PlacedNamespace[],
  fitter: TextFitter,
  zoom: Zoom,
): void {
  const isFar = zoom.detail === 'counts' || zoom.detail === 'heat';
  layer
    .selectAll<SVGGElement, PlacedNamespace>('g.stack')
    .data([...namespaces], (placed): NodeId => placed.node.stack)
    .join((enter) => {
      const group = enter.append('g').attr('class', 'stack enter');
      group.append('title');
      group.append('rect');
      group.append('text').attr('class', 'stack-name');
      group.append('text').attr('class', 'stack-detail');
      return group;
    })
    .each(function paint({ node, stack, role }) {
      this.classList.toggle('is-covered', isFar && role !== 'host');
      const gateway = defaultGateway(node.namespace);
      this.dataset.node = node.stack;
      this.setAttribute('transform', `translate(${stack.x} ${stack.y})`);
      resize(child(this, 'rect', 'rect'), stack.width, stack.height, 10);
      const { title } = describeNamespace(node);
      child(this, 'title', 'title').textContent =
        `the IP stack of ${title}: packets start and end here\ndefault gateway: ${gateway || 'none'}`;
      const isFull = zoom.detail === 'full';
      const texts = gateway === '' ? ['no gateway'] : [`gw ${gateway}`, gateway];
      const text = isFull ? fitter.fitOne(texts, FONT.mono, stack.width - 4) : '';
      const nameY = isFull ? 15.5 : stack.height / 2 + 4 * zoom.type;
      write(
        child(this, '.stack-name', 'text'),
        fitter.fitOne(['IP stack', 'IP'], FONT.strong, stack.width - 6),
        stack.width / 2,
        nameY,
      );
      write(child(this, '.stack-detail', 'text'), text, stack.width / 2, 45.5);
    });
}
