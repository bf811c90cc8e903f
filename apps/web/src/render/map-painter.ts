// What stands still on the map: boxes, wires and devices, what they carry, and what does not fit together.
import { defaultEdges, findGateways } from '../graph/gateways.ts';
import type { Graph } from '../graph/graph.ts';
import { findMismatches, type Mismatches } from '../graph/mismatches.ts';
import type { Router } from '../graph/route.ts';
import type { PlacedNamespace, Placement, Wire } from '../layout/placement.ts';
import type { DeviceRates } from '../store/device-rates.ts';
import { type Zoom, zoomAt } from './detail.ts';
import { type HostLine, type Layer, paintNamespaces, paintOutsides } from './paint-boxes.ts';
import { paintCovers, paintHeat } from './paint-covers.ts';
import { isBar, paintBarNames, paintDevices, paintStacks } from './paint-devices.ts';
import { paintFolded } from './paint-folded.ts';
import { paintSigns } from './paint-signs.ts';
import { paintFlow, paintWires } from './paint-wires.ts';
import { layerOf } from './stage.ts';
import { createTextFitter, enlarge, type TextFitter } from './text-fit.ts';

export interface MapState {
  /** With what is folded. */
  readonly whole: Graph;
  readonly graph: Graph;
  readonly placement: Placement;
  readonly hostLine: HostLine;
  readonly router: Router;
}

export interface MapPainter {
  zoom: Zoom;
  /** For type of the usual size. */
  readonly fitter: TextFitter;
  /** As of the last painting. */
  readonly mismatches: Mismatches;
  paint(world: Layer, map: MapState): void;
  /** Only what changes with what is carried. */
  paintCounts(world: Layer, map: MapState): void;
}

export function createMapPainter(devices: Pick<DeviceRates, 'of' | 'all'>): MapPainter {
  let zoom = zoomAt(1);
  let fitter: TextFitter | null = null;
  let mismatches: Mismatches = new Map();
  let mismatchKey = '';

  function usualFitter(): TextFitter {
    fitter ??= createTextFitter();
    return fitter;
  }

  function paint(world: Layer, map: MapState): void {
    const layer = (name: string): Layer => layerOf(world, name);
    const { placement, graph, hostLine } = map;
    const enlarged = enlarge(usualFitter(), zoom.type);
    const placed = placement.namespaces.flatMap((namespace) => namespace.devices);
    const isHost = (each: PlacedNamespace): boolean => each.role === 'host';
    const others = placement.namespaces.filter((each) => !isHost(each));
    world.style('--type', zoom.type);
    world.classed('is-far', zoom.detail === 'counts' || zoom.detail === 'heat');
    paintNamespaces(layer('host'), placement.namespaces.filter(isHost), hostLine, enlarged, zoom);
    paintNamespaces(layer('boxes'), others, hostLine, enlarged, zoom);
    paintOutsides(layer('boxes'), placement.outsides, enlarged, zoom);
    paintFolded(layer('boxes'), placement.folded, enlarged, zoom);
    // A wire to a farther box passes behind the nearer ones; one inside a box lies on it.
    const wires = [...placement.wires.values()];
    const isFar = ({ edge }: Wire): boolean =>
      edge.kind !== 'stack' &&
      edge.kind !== 'loop' &&
      graph.devices.get(edge.a)?.netns !== graph.devices.get(edge.b)?.netns;
    const defaults = defaultEdges(graph);
    paintWires(layer('far-wires'), wires.filter(isFar), defaults);
    paintWires(
      layer('near-wires'),
      wires.filter((wire) => !isFar(wire)),
      defaults,
    );
    const gateways = findGateways(graph);
    const host = placement.namespaces.find(isHost)?.node.id;
    paintDevices(layer('bars'), placed.filter(isBar), enlarged, zoom, gateways, host);
    paintBarNames(layer('bar-names'), placed.filter(isBar), wires, enlarged, zoom);
    const ordered = placed.filter((each) => !isBar(each));
    paintStacks(layer('devices'), placement.namespaces, enlarged, zoom);
    paintDevices(layer('devices'), ordered, enlarged, zoom, gateways, host);
    paintCovers(layer('covers'), placement.namespaces, enlarged, zoom);
    mismatchKey = '';
    paintCounts(world, map);
  }

  function paintCounts(world: Layer, { whole, graph, placement }: MapState): void {
    paintFlow(world, graph, devices.of, zoom.type);
    paintHeat(layerOf(world, 'covers'), devices.of);
    mismatches = findMismatches(whole, devices.all());
    const key =
      [...mismatches].map(([node, found]) => node + found.map((each) => each.text).join()).join() +
      zoom.detail +
      zoom.type;
    if (key === mismatchKey) return;
    mismatchKey = key;
    paintSigns(layerOf(world, 'signs'), placement, mismatches, zoom);
  }

  return {
    get zoom() {
      return zoom;
    },
    set zoom(next) {
      zoom = next;
    },
    get fitter() {
      return usualFitter();
    },
    get mismatches() {
      return mismatches;
    },
    paint,
    paintCounts,
  };
}
