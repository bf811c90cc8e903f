// What the wires carry, from what is counted at their ends. Pure.
import type { DeviceId } from '@hopscope/protocol';
import type { DeviceCount } from '../store/device-rates.ts';
import type { Edge, Graph, NamespaceNode } from './graph.ts';

export type CountOf = (device: DeviceId) => DeviceCount | undefined;

type Measure = (count: DeviceCount) => number;

const rateOf: Measure = (count) => count.packetsPerSecond;
const packetsOf: Measure = (count) => count.out + count.in;

/** Packets a second, both ways together. */
export const edgeRate = (edge: Edge, graph: Graph, countOf: CountOf): number => edgeValue(edge, graph, countOf, rateOf);

/** Packets since the capture began, both ways together. */
export const edgePackets = (edge: Edge, graph: Graph, countOf: CountOf): number =>
  edgeValue(edge, graph, countOf, packetsOf);

function edgeValue(edge: Edge, graph: Graph, countOf: CountOf, measure: Measure): number {
  const valueAt = (node: string): number => measured(graph.devices.get(node)?.device, countOf, measure);
  switch (edge.kind) {
    // What leaves one end comes in at the other; where only one end was seen, that one counts.
    case 'veth':
      return Math.max(valueAt(edge.a), valueAt(edge.b));
    case 'uplink':
      return valueAt(edge.a);
    // From a bridge or bond to its port, from a stack to a device, from the device below to the one that rides on it.
    default:
      return valueAt(edge.b);
  }
}

function measured(device: DeviceId | undefined, countOf: CountOf, measure: Measure): number {
  const count = device === undefined ? undefined : countOf(device);
  return count === undefined ? 0 : measure(count);
}

/** Packets a second on all devices of a namespace. */
export function namespaceRate(node: NamespaceNode, countOf: CountOf): number {
  return node.devices.reduce((sum, device) => sum + measured(device.device, countOf, rateOf), 0);
}

/** Width of a wire in CSS pixels; null: nothing passes. Each step of 10 is as wide as the one before. */
export const flowWidth = (packetsPerSecond: number): number | null =>
  packetsPerSecond <= 0 ? null : 2.2 + 1.3 * Math.log10(1 + packetsPerSecond);

/** How full of colour a namespace's box is from afar, in percent. */
export const heatOf = (packetsPerSecond: number): number =>
  packetsPerSecond <= 0 ? 0 : Math.min(75, 15 + 15 * Math.log10(1 + packetsPerSecond));
