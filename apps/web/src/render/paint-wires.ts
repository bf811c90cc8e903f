// The wires of the map.
import type { Wire } from '../layout/placement.ts';
import { pathData } from '../lib/geometry.ts';
import type { Layer } from './paint-boxes.ts';

export function paintWires(layer: Layer, wires: readonly Wire[]): void {
  layer
    .selectAll<SVGPathElement, Wire>('path.wire')
    .data([...wires], (wire) => wire.edge.id)
    .join((enter) => enter.append('path').attr('class', (wire) => `wire wire-${wire.edge.kind} enter`))
    .attr('data-edge', (wire) => wire.edge.id)
    .attr('d', (wire) => pathData(wire.points) + (wire.back === null ? '' : pathData(wire.back)));
}
