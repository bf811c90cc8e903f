// The wires of the map; how thick one is tells how many packets a second it carries.
import { type CountOf, edgeRate, flowWidth } from '../graph/flow.ts';
import type { Graph } from '../graph/graph.ts';
import type { Wire } from '../layout/placement.ts';
import { pathData } from '../lib/geometry.ts';
import type { Layer } from './paint-boxes.ts';

export function paintWires(layer: Layer, wires: readonly Wire[]): void {
  layer
    .selectAll<SVGGElement, Wire>('g.wire-group')
    .data([...wires], (wire) => wire.edge.id)
    .join((enter) => {
      const group = enter.append('g').attr('class', 'wire-group enter');
      group.append('path').attr('class', (wire) => `wire wire-${wire.edge.kind}`);
      // Not drawn: room for a pointer.
      group.append('path').attr('class', 'wire-reach');
      return group;
    })
    .attr('data-edge', (wire) => wire.edge.id)
    .each(function trace({ points, back }) {
      const line = pathData(points) + (back === null ? '' : pathData(back));
      for (const path of this.children) path.setAttribute('d', line);
    });
}

/** Call a few times a second. @param type factor on sizes, so that what carries packets is seen from afar, too */
export function paintFlow(world: Layer, graph: Graph, countOf: CountOf, type: number): void {
  world.selectAll<SVGGElement, Wire>('g.wire-group').each(function paint({ edge }) {
    const width = flowWidth(edgeRate(edge, graph, countOf));
    const value = width === null ? '' : (width * Math.sqrt(type)).toFixed(1);
    if (this.dataset.flow === value) return;
    this.dataset.flow = value;
    this.style.setProperty('--flow', value);
  });
}
