// What is pointed at on the map, in words: both ends of a wire, a device, a namespace. Pure.
import type { NetnsId } from '@hopscope/protocol';
import { formatBits, formatCount, formatRate } from '../lib/format.ts';
import { defaultGateway, describeDevice, describeNamespace } from './describe.ts';
import { type CountOf, edgeRate, namespaceRate } from './flow.ts';
import { type DeviceNode, deviceNode, type Edge, type Graph, type NamespaceNode, type NodeId } from './graph.ts';
import type { Mismatches } from './mismatches.ts';

export type FocusTarget =
  | { readonly kind: 'device'; readonly id: NodeId }
  | { readonly kind: 'edge'; readonly id: string }
  /** By its stack. */
  | { readonly kind: 'namespace'; readonly id: NodeId }
  /** All that are folded. */
  | { readonly kind: 'folded'; readonly id: typeof FOLDED_NODE };

export const FOLDED_NODE = 'folded';

export interface Fact {
  readonly name: string;
  readonly value: string;
}

export interface Part {
  readonly title: string;
  readonly facts: readonly Fact[];
}

export interface FocusWords {
  readonly title: string;
  readonly facts: readonly Fact[];
  readonly parts: readonly Part[];
  readonly warnings: readonly string[];
  /** What can be folded, or unfolded, from here. */
  readonly namespaces: readonly { readonly id: NetnsId; readonly title: string; readonly isFolded: boolean }[];
}

export interface FocusContext {
  readonly graph: Graph;
  readonly folded: readonly NamespaceNode[];
  readonly countOf: CountOf;
  readonly mismatches: Mismatches;
  /** One packet in this many is followed; 1 = all. */
  readonly sampledOneIn: number;
}

/** Null when it is not on the map any more. */
export function describeFocus(target: FocusTarget, context: FocusContext): FocusWords | null {
  const { graph } = context;
  if (target.kind === 'folded') return describeFolded(context.folded);
  if (target.kind === 'edge') {
    const edge = graph.edges.find((each) => each.id === target.id);
    return edge === undefined ? null : describeEdge(edge, context);
  }
  if (target.kind === 'device') {
    const device = graph.devices.get(target.id);
    if (device === undefined) return null;
    const { title, facts } = describePart(device, context);
    const below = [device.peer, device.lower, device.master?.id ?? null].flatMap((id) => {
      const other = graph.devices.get(id ?? '');
      return other === undefined ? [] : [other];
    });
    const words = ['other end', 'rides on', 'plugged into'];
    const relation = (other: DeviceNode): string =>
      words[other.id === device.peer ? 0 : other.id === device.lower ? 1 : 2] ?? '';
    const relations = below.map((other) => ({ name: relation(other), value: placeOf(other, graph) }));
    const warnings = warningsOf([device.id], context);
    return { title, facts: [...facts, ...relations], parts: [], warnings, namespaces: [] };
  }
  const node = graph.namespaces.find((each) => each.stack === target.id);
  if (node === undefined) return null;
  const words = describeNamespace(node);
  const facts: Fact[] = [
    { name: 'netns', value: String(node.namespace.inum) },
    { name: 'interfaces', value: node.devices.map((each) => each.link.name).join(', ') },
    { name: 'gateway', value: defaultGateway(node.namespace) || 'none' },
    { name: 'rate', value: `${formatRate(namespaceRate(node, context.countOf))} packets/s on all of them` },
  ];
  if (words.subtitle !== '') facts.unshift({ name: 'from', value: words.subtitle });
  const namespaces = node.namespace.host ? [] : [{ id: node.id, title: words.title, isFolded: false }];
  return { title: words.title, facts, parts: [], warnings: warningsOf([node.stack], context), namespaces };
}

function describeFolded(folded: readonly NamespaceNode[]): FocusWords | null {
  if (folded.length === 0) return null;
  const namespaces = folded.map((node) => ({ id: node.id, title: describeNamespace(node).title, isFolded: true }));
  return { title: foldedTitle(folded.length), facts: [], parts: [], warnings: [], namespaces };
}

export const foldedTitle = (count: number): string => `${count} folded namespace${count === 1 ? '' : 's'}`;

/** Of a device or a namespace; undefined for anything else. */
export function netnsOf(target: FocusTarget, graph: Graph): NetnsId | undefined {
  return graph.devices.get(target.id)?.netns ?? graph.namespaces.find((node) => node.stack === target.id)?.id;
}

function placeOf(device: DeviceNode, graph: Graph): string {
  const name = graph.byNetns.get(device.netns)?.namespace.names[0]?.text;
  return name === undefined ? device.link.name : `${device.link.name} (${name})`;
}

function warningsOf(nodes: readonly NodeId[], { mismatches }: FocusContext): string[] {
  return [...new Set(nodes.flatMap((node) => mismatches.get(node) ?? []).map((each) => each.text))];
}

function describeEdge(edge: Edge, context: FocusContext): FocusWords {
  const { graph, countOf } = context;
  const ends = [edge.a, edge.b].map((id) => graph.devices.get(id));
  const [a, b] = ends;
  const nameOf = (id: NodeId, device: DeviceNode | undefined): string =>
    device !== undefined ? placeOf(device, graph) : id.startsWith('outside:') ? 'outside' : 'IP stack';
  const devices = ends.filter((each) => each !== undefined);
  const facts: Fact[] = [
    { name: 'rate', value: `${sampled(context)}${formatRate(edgeRate(edge, graph, countOf))} packets/s` },
  ];
  if (edge.kind === 'veth' && a !== undefined && b !== undefined) {
    const [from, to] = [countOf(a.device), countOf(b.device)];
    facts.push({
      name: `${a.link.name} → ${b.link.name}`,
      value: `${formatCount(Math.max(from?.out ?? 0, to?.in ?? 0))} packets`,
    });
    facts.push({
      name: `${b.link.name} → ${a.link.name}`,
      value: `${formatCount(Math.max(to?.out ?? 0, from?.in ?? 0))} packets`,
    });
    facts.push({ name: 'drops', value: formatCount((from?.drops ?? 0) + (to?.drops ?? 0)) });
  }
  return {
    title: `${nameOf(edge.a, a)} ⇄ ${nameOf(edge.b, b)}`,
    facts,
    parts: devices.map((device) => describePart(device, context)),
    warnings: warningsOf(
      devices.map((device) => device.id),
      context,
    ),
    namespaces: [],
  };
}

const sampled = ({ sampledOneIn }: FocusContext): string => (sampledOneIn > 1 ? `1 in ${sampledOneIn} followed: ` : '');

function describePart(device: DeviceNode, context: FocusContext): Part {
  const { link } = device;
  const words = describeDevice(device);
  const count = context.countOf(device.device);
  const used =
    count === undefined || count.in + count.out === 0
      ? 'none seen yet'
      : `${formatCount(count.out)} out, ${formatCount(count.in)} in`;
  const facts: Fact[] = [
    { name: 'kind', value: words.kind },
    { name: 'state', value: `${link.up ? 'up' : 'down'}${link.operstate === '' ? '' : `, ${link.operstate}`}` },
    {
      name: 'rate',
      value: `${sampled(context)}${formatRate(count?.packetsPerSecond ?? 0)} packets/s · ${formatBits(count?.bitsPerSecond ?? 0)}`,
    },
    { name: 'packets', value: used },
    { name: 'drops', value: formatCount(count?.drops ?? 0) },
    { name: 'MTU', value: String(link.mtu) },
  ];
  if (link.mac !== '' && link.kind !== 'loopback') facts.push({ name: 'MAC', value: link.mac });
  for (const each of link.addresses) facts.push({ name: 'address', value: `${each.address}/${each.prefix}` });
  if (link.kind === 'vxlan') facts.push({ name: 'remote', value: link.vxlanRemote || 'none' });
  if (link.portState !== '') facts.push({ name: 'port', value: link.portState });
  return { title: placeOf(device, context.graph), facts };
}

/** Nodes and edges that belong to what is pointed at; all else is dimmed. */
export function focusSet(target: FocusTarget, graph: Graph): ReadonlySet<string> {
  const set = new Set<string>([target.id]);
  if (target.kind === 'edge') {
    const edge = graph.edges.find((each) => each.id === target.id);
    if (edge !== undefined) set.add(edge.a).add(edge.b);
    return set;
  }
  const node = graph.namespaces.find((each) => each.stack === target.id);
  const ids = target.kind === 'namespace' ? (node?.devices ?? []).map((each) => deviceNode(each.device)) : [target.id];
  for (const id of ids) {
    set.add(id);
    for (const edge of graph.edgesOf.get(id) ?? []) set.add(edge.id).add(edge.a).add(edge.b);
  }
  return set;
}
