// A small sign at whatever does not fit together; the words are in its tooltip and on the card.
import type { NodeId } from '../graph/graph.ts';
import type { Mismatch, Mismatches } from '../graph/mismatches.ts';
import type { Placement } from '../layout/placement.ts';
import type { Box, Point } from '../lib/geometry.ts';
import type { Zoom } from './detail.ts';
import type { Layer } from './paint-boxes.ts';
import { child } from './svg.ts';

interface Sign {
  readonly node: NodeId;
  readonly at: Point;
  readonly mismatches: readonly Mismatch[];
}

export function paintSigns(layer: Layer, placement: Placement, mismatches: Mismatches, { detail, type }: Zoom): void {
  const isFar = detail === 'counts' || detail === 'heat';
  const signs: Sign[] = [];
  for (const placed of placement.namespaces) {
    const own = [placed.node.stack, ...placed.node.devices.map((device) => device.id)];
    const found = own.flatMap((node) => mismatches.get(node) ?? []);
    if (found.length === 0) continue;
    // From afar one for the whole box.
    if (isFar && placed.role !== 'host') {
      signs.push({ node: placed.node.stack, at: cornerOf(placed.box), mismatches: found });
      continue;
    }
    for (const node of own) {
      const box = placement.boxes.get(node);
      const some = mismatches.get(node);
      if (box !== undefined && some !== undefined) signs.push({ node, at: cornerOf(box), mismatches: some });
    }
  }
  layer
    .selectAll<SVGGElement, Sign>('g.sign')
    .data(signs, (sign) => sign.node)
    .join((enter) => {
      const group = enter.append('g').attr('class', 'sign').attr('role', 'img');
      group.append('title');
      group.append('path').attr('d', 'M0 -8L8 6H-8Z');
      group.append('path').attr('class', 'sign-mark').attr('d', 'M0 -3V1.5M0 3.6V4');
      return group;
    })
    .attr('data-node', (sign) => sign.node)
    .attr('aria-label', (sign) => `Mismatch: ${sign.mismatches.map((each) => each.text).join(' ')}`)
    .attr('transform', ({ at }) => `translate(${at.x} ${at.y}) scale(${type})`)
    .each(function write({ mismatches: found }) {
      child(this, 'title', 'title').textContent = found.map((each) => each.text).join('\n');
    });
}

const cornerOf = (box: Box): Point => ({ x: box.x + box.width - 4, y: box.y });
