// Interfaces, bars, loopbacks and stacks. Every text from the machine goes in through textContent.
import { defaultGateway, describeDevice, describeNamespace, type Tag } from '../graph/describe.ts';
import type { NodeId } from '../graph/graph.ts';
import type { PlacedDevice, PlacedNamespace } from '../layout/placement.ts';
import type { Box } from '../lib/geometry.ts';
import { FONT } from './fonts.ts';
import type { Layer } from './paint-boxes.ts';
import { child, resize, SVG_NAMESPACE, write } from './svg.ts';
import type { TextFitter } from './text-fit.ts';

const PAD = 9;

export function paintDevices(layer: Layer, devices: readonly PlacedDevice[], fitter: TextFitter): void {
  layer
    .selectAll<SVGGElement, PlacedDevice>('g.device')
    .data([...devices], (placed) => placed.node.id)
    .join((enter) => {
      const group = enter.append('g').attr('class', 'device enter').attr('role', 'group');
      group.append('title');
      group.append('rect').attr('class', 'device-box');
      group.append('text').attr('class', 'device-name');
      group.append('text').attr('class', 'device-kind');
      group.append('text').attr('class', 'device-detail');
      group.append('g').attr('class', 'tags');
      return group;
    })
    .each(function paint(placed) {
      paintDevice(this, placed, fitter);
    });
}

function paintDevice(element: SVGGElement, placed: PlacedDevice, fitter: TextFitter): void {
  const { node, box } = placed;
  const words = describeDevice(node);
  element.dataset.node = node.id;
  element.dataset.device = node.device;
  element.dataset.shape = node.shape;
  element.dataset.state = words.isDown ? 'down' : 'up';
  element.setAttribute('aria-label', `${node.link.name}, ${words.kind}, ${words.detail}`);
  element.setAttribute('transform', `translate(${box.x} ${box.y})`);
  child(element, 'title', 'title').textContent = words.full;
  resize(child(element, '.device-box', 'rect'), box.width, box.height, node.shape === 'loopback' ? 10 : 8);
  const text = (name: string): SVGTextElement => child(element, `.device-${name}`, 'text');
  if (node.shape === 'bridge' && box.height > box.width) {
    paintBar(text, placed, words.detail, fitter);
  } else if (node.shape === 'loopback') {
    write(text('name'), node.link.name, box.width / 2, 14.5);
  } else if (placed.compact) {
    write(text('name'), fitter.fit(node.link.name, FONT.name, box.width - 2 * PAD), PAD, box.height / 2 + 4);
  } else {
    const name = fitter.fit(node.link.name, FONT.name, box.width - 2 * PAD);
    write(text('name'), name, PAD, 17.5);
    write(text('detail'), fitter.fit(words.detail, FONT.mono, box.width - 2 * PAD), PAD, 33.5);
    const room = box.width - 2 * PAD - fitter.width(name, FONT.name) - 8;
    const kind = fitter.width(words.kind, FONT.text) <= room ? words.kind : '';
    write(text('kind'), kind, box.width - PAD, 17.5);
  }
  const tags = node.shape === 'loopback' ? words.tags.filter((tag) => tag.tone === 'bad') : words.tags;
  paintTags(child(element, '.tags', 'g'), tags, box, fitter);
}

/** A bar's name and address run along it, upwards. */
function paintBar(
  text: (name: string) => SVGTextElement,
  { node, box }: PlacedDevice,
  detail: string,
  fitter: TextFitter,
): void {
  const along = box.height - 16;
  const lines = [
    { element: text('name'), value: fitter.fit(node.link.name, FONT.name, along), x: 17 },
    { element: text('detail'), value: fitter.fit(detail, FONT.mono, along), x: 32 },
  ];
  for (const { element, value, x } of lines) {
    write(element, value, 0, 0);
    element.setAttribute('transform', `translate(${x} ${box.height / 2}) rotate(-90)`);
  }
}

/** Pills on the lower edge: what is unusual about a device. */
function paintTags(group: SVGGElement, tags: readonly Tag[], box: Box, fitter: TextFitter): void {
  const key = tags.map((tag) => `${tag.tone}:${tag.text}`).join('|');
  if (group.dataset.key === key) return;
  group.dataset.key = key;
  group.replaceChildren();
  const isBar = box.height > box.width;
  let x = isBar ? 0 : PAD;
  for (const tag of tags) {
    const shown = fitter.fit(tag.text, FONT.tag, 150);
    const width = fitter.width(shown, FONT.tag) + 12;
    if (isBar) x = (box.width - width) / 2;
    const pill = document.createElementNS(SVG_NAMESPACE, 'g');
    pill.setAttribute('class', `tag tag-${tag.tone}`);
    pill.setAttribute('transform', `translate(${x} ${box.height - 7})`);
    const rect = document.createElementNS(SVG_NAMESPACE, 'rect');
    resize(rect, width, 16, 8);
    const text = document.createElementNS(SVG_NAMESPACE, 'text');
    write(text, shown, width / 2, 12);
    pill.append(rect, text);
    group.append(pill);
    x += width + 4;
  }
}

export function paintStacks(layer: Layer, namespaces: readonly PlacedNamespace[], fitter: TextFitter): void {
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
    .each(function paint({ node, stack }) {
      const gateway = node.outside === null ? defaultGateway(node.namespace) : '';
      const hasDetail = gateway !== '';
      this.dataset.node = node.stack;
      this.setAttribute('transform', `translate(${stack.x} ${stack.y})`);
      resize(child(this, 'rect', 'rect'), stack.width, stack.height, 10);
      const { title } = describeNamespace(node);
      child(this, 'title', 'title').textContent =
        `the IP stack of ${title}: packets start and end here${hasDetail ? `\ndefault gateway ${gateway}` : ''}`;
      const text = fitter.fit(gateway, FONT.mono, stack.width - 8);
      write(child(this, '.stack-name', 'text'), 'IP stack', stack.width / 2, hasDetail ? 17.5 : 25.5);
      write(child(this, '.stack-detail', 'text'), text, stack.width / 2, 33.5);
    });
}
