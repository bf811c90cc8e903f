// How many packets every wire has carried, as text: what moves for others, for one who wants nothing to move.
import { type CountOf, edgePackets } from '../graph/flow.ts';
import type { Graph } from '../graph/graph.ts';
import type { Wire } from '../layout/placement.ts';
import { formatCount } from '../lib/format.ts';
import { measureTrack, pointAt } from '../lib/geometry.ts';
import type { Layer } from './paint-boxes.ts';

/** Call at most twice a second. @param wires none: no counters */
export function paintCounters(layer: Layer, wires: readonly Wire[], graph: Graph, countOf: CountOf): void {
  layer
    .selectAll<SVGTextElement, Wire>('text')
    .data(
      wires.filter(({ edge }) => edgePackets(edge, graph, countOf) > 0),
      (wire) => wire.edge.id,
    )
    .join((enter) => enter.append('text').attr('class', 'wire-count').attr('dy', '0.35em'))
    .each(function write({ edge, points }) {
      const track = measureTrack(points);
      const at = pointAt(track, track.length / 2);
      const text = formatCount(edgePackets(edge, graph, countOf));
      if (this.textContent !== text) this.textContent = text;
      this.setAttribute('x', String(at.x));
      this.setAttribute('y', String(at.y));
    });
}
