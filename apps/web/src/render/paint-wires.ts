// The wires of the map; how thick one is tells how many packets a second it carries.
import { type CountOf, edgeRate, flowWidth } from '../graph/flow.ts';
import type { Graph } from '../graph/graph.ts';
import type { Wire } from '../layout/placement.ts';
import { measureTrack, type Point, pathData, pointAt } from '../lib/geometry.ts';
import type { Layer } from './paint-boxes.ts';
import { child } from './svg.ts';

/** @param defaults edges from a stack to the device of its default route */
export function paintWires(layer: Layer, wires: readonly Wire[], defaults: ReadonlySet<string>): void {
  layer
    .selectAll<SVGGElement, Wire>('g.wire-group')
    .data([...wires], (wire) => wire.edge.id)
    .join((enter) => {
      const group = enter.append('g').attr('class', 'wire-group enter');
      group.append('path').attr('class', (wire) => `wire wire-${wire.edge.kind}`);
      // Not drawn: room for a pointer.
      group.append('path').attr('class', 'wire-reach');
      group.append('path').attr('class', 'wire-default');
      return group;
    })
    .attr('data-edge', (wire) => wire.edge.id)
    .each(function trace({ edge, points, back }) {
      const line = pathData(points) + (back === null ? '' : pathData(back));
      for (const path of this.querySelectorAll('.wire, .wire-reach')) path.setAttribute('d', line);
      child(this, '.wire-default', 'path').setAttribute('d', defaults.has(edge.id) ? arrowOn(points) : '');
    });
}

/** In the middle of a line, pointing along it. */
function arrowOn(points: readonly Point[]): string {
  const track = measureTrack(points);
  const at = pointAt(track, track.length / 2);
  const from = pointAt(track, track.length / 2 - 1);
  const [x, y] = [at.x - from.x, at.y - from.y];
  const corner = (ahead: number, aside: number): Point => ({
    x: at.x + x * ahead - y * aside,
    y: at.y + y * ahead + x * aside,
  });
  return `${pathData([corner(5, 0), corner(-4, -5), corner(-4, 5)])}Z`;
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
