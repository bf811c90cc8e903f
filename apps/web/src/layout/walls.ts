// Where in its namespace's box a device stands: on the wall its wire goes through, as a bar, or inside.
import type { NetnsId } from '@hopscope/protocol';
import type { DeviceNode, Graph, NamespaceNode } from '../graph/graph.ts';
import type { Side } from './sides.ts';

export interface Walls {
  readonly left: readonly DeviceNode[];
  readonly right: readonly DeviceNode[];
  readonly bars: readonly DeviceNode[];
  readonly inside: readonly DeviceNode[];
  readonly loop: DeviceNode | null;
}

export type Role = 'host' | 'left' | 'right';

type Place = 'left' | 'right' | 'bar' | 'inside' | 'loop';

export function sortIntoWalls(node: NamespaceNode, role: Role, graph: Graph, sides: ReadonlyMap<NetnsId, Side>): Walls {
  const placeOf = (device: DeviceNode): Place => choosePlace(device, node, role, graph, sides);
  const places = new Map(node.devices.map((device) => [device, placeOf(device)]));
  const at = (place: Place): DeviceNode[] => node.devices.filter((device) => places.get(device) === place);
  const rank = (device: DeviceNode): number => uplinkRank(device, node);
  return {
    left: at('left').sort((a, b) => rank(a) - rank(b)),
    right: at('right'),
    bars: at('bar'),
    inside: at('inside'),
    loop: at('loop')[0] ?? null,
  };
}

function choosePlace(
  device: DeviceNode,
  node: NamespaceNode,
  role: Role,
  graph: Graph,
  sides: ReadonlyMap<NetnsId, Side>,
): Place {
  if (device.shape === 'loopback') return 'loop';
  const hasPorts = node.devices.some((other) => other.master === device);
  if (device.shape === 'bridge') return hasPorts || role === 'host' ? 'bar' : 'inside';
  const other = graph.devices.get(device.peer ?? device.lower ?? '');
  if (other !== undefined && other.netns !== node.id)
    return wallToward(sides.get(other.netns), role, sides.get(node.id));
  if (device.leadsOutside) return role === 'right' ? 'inside' : 'left';
  if (device.link.kind === 'physical') return role === 'right' ? 'inside' : 'left';
  if (device.master?.shape === 'bridge') return role === 'left' ? 'left' : 'right';
  return device.peer !== null && role === 'host' ? 'right' : 'inside';
}

/** @param other undefined for the host */
function wallToward(other: Side | undefined, role: Role, own: Side | undefined): 'left' | 'right' {
  if (role === 'host') return other?.side ?? 'right';
  const towardHost = other === undefined || other.side !== role || other.depth < (own?.depth ?? 0);
  if (role === 'right') return towardHost ? 'left' : 'right';
  return towardHost ? 'right' : 'left';
}

/** The best default route first, then what leads outside, ports of bridges last. */
function uplinkRank(device: DeviceNode, node: NamespaceNode): number {
  if (device.master !== null) return 1e9;
  const metrics = node.namespace.defaultRoutes
    .filter((route) => route.ifindex === device.link.ifindex)
    .map((route) => route.metric);
  return metrics.length > 0 ? Math.min(...metrics, 1e8) : 2e8;
}
