// From afar a namespace is a box with its name and how many interfaces it has, coloured by how many packets pass.
import { describeNamespace } from '../graph/describe.ts';
import { type CountOf, heatOf, namespaceRate } from '../graph/flow.ts';
import type { PlacedNamespace } from '../layout/placement.ts';
import type { Zoom } from './detail.ts';
import { FONT } from './fonts.ts';
import type { Layer } from './paint-boxes.ts';
import { child, resize, write } from './svg.ts';
import type { TextFitter } from './text-fit.ts';

/** Line height of type of size 12. */
const LINE = 15;

export function paintCovers(
  layer: Layer,
  namespaces: readonly PlacedNamespace[],
  fitter: TextFitter,
  { detail, type }: Zoom,
): void {
  const isFar = detail === 'counts' || detail === 'heat';
  layer
    .selectAll<SVGGElement, PlacedNamespace>('g.cover')
    .data(isFar ? namespaces.filter((placed) => placed.role !== 'host') : [], (placed) => placed.node.id)
    .join((enter) => {
      const group = enter.append('g').attr('class', 'cover');
      group.append('title');
      group.append('rect');
      group.append('text').attr('class', 'cover-title');
      group.append('text').attr('class', 'cover-count');
      return group;
    })
    .each(function paint({ node, box }) {
      const words = describeNamespace(node);
      const count = node.devices.length - (node.devices.some((device) => device.shape === 'loopback') ? 1 : 0);
      const inner = box.width - 12;
      const line = LINE * type;
      const middle = box.height / 2 + 4 * type;
      const title = line <= box.height ? fitter.fit(words.title, FONT.name, inner) : '';
      const hasCount = detail === 'counts' && 2 * line <= box.height;
      this.dataset.netns = node.id;
      this.dataset.node = node.stack;
      this.setAttribute('transform', `translate(${box.x} ${box.y})`);
      child(this, 'title', 'title').textContent = words.full;
      resize(child(this, 'rect', 'rect'), box.width, box.height, 12);
      // A name cut down to a letter or two names nothing.
      const isNaming = title === words.title || title.length > 4;
      write(
        child(this, '.cover-title', 'text'),
        isNaming ? title : '',
        box.width / 2,
        middle - (hasCount ? line / 2 : 0),
      );
      const counts = [`${count} interface${count === 1 ? '' : 's'}`, `${count} if`];
      const text = hasCount ? fitter.fitOne(counts, FONT.text, inner) : '';
      write(child(this, '.cover-count', 'text'), text, box.width / 2, middle + line / 2);
    });
}

/** Call a few times a second. */
export function paintHeat(layer: Layer, countOf: CountOf): void {
  layer.selectAll<SVGGElement, PlacedNamespace>('g.cover').each(function paint({ node }) {
    this.style.setProperty('--heat', `${Math.round(heatOf(namespaceRate(node, countOf)))}%`);
  });
}
