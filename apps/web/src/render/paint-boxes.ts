// Namespaces as boxes with their titles, and the outside as a cloud.
import type { Selection } from 'd3-selection';
import { defaultGateway, describeNamespace } from '../graph/describe.ts';
import type { PlacedNamespace, PlacedOutside } from '../layout/placement.ts';
import type { Zoom } from './detail.ts';
import { FONT } from './fonts.ts';
import { cloudPath } from './glyphs.ts';
import { child, resize, write } from './svg.ts';
import type { TextFitter } from './text-fit.ts';

export type Layer = Selection<SVGGElement, unknown, null, undefined>;

export interface HostLine {
  /** Host name, kernel: what stands beside the host's title. */
  readonly name: string;
  readonly kernel: string;
}

const PAD = 16;

export function paintNamespaces(
  layer: Layer,
  namespaces: readonly PlacedNamespace[],
  hostLine: HostLine,
  fitter: TextFitter,
  zoom: Zoom,
): void {
  layer
    .selectAll<SVGGElement, PlacedNamespace>('g.ns')
    .data([...namespaces], (placed) => placed.node.id)
    .join((enter) => {
      const group = enter.append('g').attr('class', 'ns enter').attr('role', 'group');
      group.append('title');
      group.append('rect').attr('class', 'ns-box');
      group.append('text').attr('class', 'ns-title');
      group.append('text').attr('class', 'ns-subtitle');
      group.append('text').attr('class', 'ns-inum');
      group.append('text').attr('class', 'ns-idle');
      return group;
    })
    .each(function paint(placed) {
      paintNamespace(this, placed, hostLine, fitter, zoom);
    });
}

function paintNamespace(
  element: SVGGElement,
  placed: PlacedNamespace,
  hostLine: HostLine,
  fitter: TextFitter,
  zoom: Zoom,
): void {
  const { node, role, box } = placed;
  const words = describeNamespace(node);
  const isHost = role === 'host';
  const subtitle = isHost ? hostSubtitle(words.title, hostLine) : words.subtitle;
  const inner = box.width - 2 * PAD;
  const text = (name: string): SVGTextElement => child(element, `.ns-${name}`, 'text');
  element.dataset.netns = node.id;
  element.dataset.role = role;
  // For the keyboard: a box can be moved.
  if (!isHost) element.setAttribute('tabindex', '0');
  element.setAttribute('aria-label', `namespace ${words.title}${subtitle === '' ? '' : `, ${subtitle}`}`);
  element.setAttribute('transform', `translate(${box.x} ${box.y})`);
  child(element, 'title', 'title').textContent = words.full;
  resize(child(element, '.ns-box', 'rect'), box.width, box.height, isHost ? 14 : 12);

  const isFull = zoom.detail === 'full';
  const title = fitter.fit(words.title, FONT.title, inner);
  const inumWidth = isFull ? fitter.width(words.inum, FONT.mono) : 0;
  // Type that grew has its upper edge where it was.
  write(text('title'), title, PAD, (isHost ? 16 : 11) + 11 * zoom.type);
  if (isHost) {
    const at = PAD + fitter.width(title, FONT.title) + 10;
    const room = box.width - PAD - inumWidth - 14 - at;
    write(text('subtitle'), isFull ? fitter.fit(subtitle, FONT.text, room) : '', at, 27);
    write(text('inum'), isFull ? words.inum : '', box.width - PAD - inumWidth, 27);
    write(text('idle'), isFull ? fitter.fit(words.idle, FONT.text, inner) : '', PAD, box.height - 14);
    return;
  }
  // Above the first interface there is room for two lines of the usual size only.
  write(text('subtitle'), zoom.type < 1.1 ? fitter.fit(subtitle, FONT.text, inner) : '', PAD, 39);
  // The number alone says it, too.
  const inum = fitter.fitOne([words.inum, String(node.namespace.inum)], FONT.mono, placed.stack.x - box.x - PAD);
  write(text('inum'), isFull ? inum : '', PAD, box.height - 11);
  const idleX = PAD + inumWidth + 10;
  const idle = node.idle.length === 0 || !isFull ? '' : `${node.idle.length} not in use`;
  write(text('idle'), fitter.fit(idle, FONT.text, placed.stack.x - box.x - idleX), idleX, box.height - 11);
}

function hostSubtitle(title: string, hostLine: HostLine): string {
  const name = hostLine.name === title ? '' : hostLine.name;
  const kernel = hostLine.kernel === '' ? '' : `Linux ${hostLine.kernel}`;
  return [name, kernel].filter((part) => part !== '').join(' · ');
}

export function paintOutsides(layer: Layer, outsides: readonly PlacedOutside[], fitter: TextFitter, zoom: Zoom): void {
  layer
    .selectAll<SVGGElement, PlacedOutside>('g.outside')
    .data([...outsides], (outside) => outside.id)
    .join((enter) => {
      const group = enter.append('g').attr('class', 'outside enter');
      group.append('title');
      group.append('path').attr('class', 'cloud');
      group.append('text').attr('class', 'outside-title');
      group.append('text').attr('class', 'outside-gateway');
      return group;
    })
    .each(function paint(outside) {
      const { box } = outside;
      const gateway = defaultGateway(outside.namespace.namespace);
      const isSmall = box.height < 40;
      this.dataset.node = outside.id;
      this.setAttribute('transform', `translate(${box.x} ${box.y})`);
      child(this, '.cloud', 'path').setAttribute('d', cloudPath(box.width, box.height));
      child(this, 'title', 'title').textContent =
        gateway === '' ? 'everything beyond this machine' : `everything beyond this machine, by way of ${gateway}`;
      const middle = box.height / 2;
      const hasGateway = gateway !== '' && !isSmall && zoom.detail === 'full';
      // A cloud is lower in its middle than a box.
      const titleY = hasGateway ? middle + 3 : middle + 5 + 2 * zoom.type;
      write(
        child(this, '.outside-title', 'text'),
        fitter.fitOne(['outside', 'out'], FONT.strong, box.width),
        box.width / 2,
        titleY,
      );
      const text = hasGateway ? fitter.fit(gateway, FONT.mono, box.width - 12) : '';
      write(child(this, '.outside-gateway', 'text'), text, box.width / 2, middle + 8 + 11 * zoom.type);
    });
}
