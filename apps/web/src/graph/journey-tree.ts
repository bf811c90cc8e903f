// Which crossing a packet came from, where a journey began and where it ends.
import type { Crossing, Journey } from '@hopscope/model';
import type { Graph, NodeId } from './graph.ts';
import { deviceNode } from './graph.ts';

/**
 * Index of the crossing that crossing `i` (> 0) came from: the latest earlier one that is a neighbour, the closer kind of
 * neighbour first; the one just before when none is.
 */
export function findParent(crossings: readonly Crossing[], i: number, graph: Graph): number {
  const own = crossings[i] as Crossing;
  let best = i - 1;
  let bestRank = 0;
  for (let j = i - 1; j >= 0; j--) {
    const rank = rankParent(crossings[j] as Crossing, own, graph);
    if (rank > bestRank) {
      best = j;
      bestRank = rank;
    }
  }
  return best;
}

/** 0: no neighbour; the higher, the surer. */
function rankParent(before: Crossing, own: Crossing, graph: Graph): number {
  const from = graph.devices.get(deviceNode(before.device));
  const to = graph.devices.get(deviceNode(own.device));
  if (from === undefined || to === undefined) return 0;
  if (before.way === 'out' && own.way === 'in') {
    return from.id === to.id || from.peer === to.id || to.peer === from.id || isStacked(from, to) ? 3 : 0;
  }
  if (from.netns !== to.netns) return 0;
  if (before.way === 'in' && own.way === 'in') return to === from.master || to.lower === from.id ? 3 : 0;
  if (before.way === 'out' && own.way === 'out') return from === to.master || from.lower === to.id ? 3 : 0;
  // In, then out again: bridged from port to port, or routed.
  if (from.master !== null && from.master === to.master) return 2;
  return from.master === null && to.master === null ? 2 : 1;
}

const isStacked = (a: { id: NodeId; lower: NodeId | null }, b: { id: NodeId; lower: NodeId | null }): boolean =>
  a.lower === b.id || b.lower === a.id;

/** The node a journey came from before its first crossing; null when nobody knows. */
export function originOf(first: Crossing, graph: Graph): NodeId | null {
  const namespace = graph.byNetns.get(first.netns);
  const device = graph.devices.get(deviceNode(first.device));
  if (namespace === undefined || device === undefined) return null;
  if (first.way === 'out' || device.shape === 'loopback') return namespace.stack;
  if (device.leadsOutside) return namespace.outside;
  return device.peer ?? device.lower;
}

/** The node a journey goes to after crossing `i`, its last on this branch; null when it was seen no further. */
export function endOf(journey: Journey, i: number, graph: Graph): NodeId | null {
  const last = journey.crossings[i] as Crossing;
  const namespace = graph.byNetns.get(last.netns);
  const device = graph.devices.get(deviceNode(last.device));
  if (namespace === undefined || device === undefined) return null;
  if (last.way === 'out') return device.leadsOutside ? namespace.outside : null;
  if (journey.verdict !== 'delivered') return null;
  // Of a flooded frame's branches the one that ends where the address lives was delivered; with one branch, that one.
  const later = journey.crossings.slice(i + 1).some((crossing) => crossing.way === 'in');
  return !later || ownsAddress(namespace.namespace.links, journey.dst) ? namespace.stack : null;
}

function ownsAddress(links: readonly { addresses: readonly { address: string }[] }[], address: string): boolean {
  return links.some((link) => link.addresses.some((each) => each.address === address));
}
