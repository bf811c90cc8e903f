// What the wires carry, from what is counted at their ends. Pure.
import type { DeviceId } from '@hopscope/protocol';
import type { DeviceCount } from '../store/device-rates.ts';
import type { Edge, Graph, NamespaceNode } from './graph.ts';

export type CountOf = (device: DeviceId) => DeviceCount | undefined;

const packetsAt = (device: DeviceId | undefined, countOf: CountOf): number =>
  (device === undefined ? undefined : countOf(device)?.packetsPerSecond) ?? 0;

/** Packets a second, both ways together. */
export function edgeRate(edge: Edge, graph: Graph, countOf: CountOf): number {
  const a = graph.devices.get(edge.a);
  const b = graph.devices.get(edge.b);
  switch (edge.kind) {
    // What leaves one end comes in at the other; where only one end was seen, that one counts.
    case 'veth':
      return Math.max(packetsAt(a?.device, countOf), packetsAt(b?.device, countOf));
    case 'uplink':
      return packetsAt(a?.device, countOf);
    // From a bridge or bond to its port, from a stack to a device, from the device below to the one that rides on it.
    default:
      return packetsAt(b?.device, countOf);
  }
}

/** Packets a second on all devices of a namespace. */
export function namespaceRate(node: NamespaceNode, countOf: CountOf): number {
  return node.devices.reduce((sum, device) => sum + packetsAt(device.device, countOf), 0);
}

/** Width of a wire in CSS pixels; null: nothing passes. Each step of 10 is as wide as the one before. */
export const flowWidth = (packetsPerSecond: number): number | null =>
  packetsPerSecond <= 0 ? null : 2.2 + 1.3 * Math.log10(1 + packetsPerSecond);

/** How full of colour a namespace's box is from afar, in percent. */
export const heatOf = (packetsPerSecond: number): number =>
  packetsPerSecond <= 0 ? 0 : Math.min(75, 15 + 15 * Math.log10(1 + packetsPerSecond));
