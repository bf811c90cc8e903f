// What a person may look for on the map: namespaces, interfaces, addresses, MACs. Pure.
import type { FocusTarget } from './describe-focus.ts';
import type { DeviceNode, Graph, NamespaceNode } from './graph.ts';

export interface Hit {
  readonly target: FocusTarget;
  readonly title: string;
  /** Where it is and what matched. */
  readonly detail: string;
}

const MOST = 30;

interface Candidate extends Hit {
  readonly texts: readonly string[];
}

/** The best first: whole matches, then those that begin with it, then the rest in the order of the map. */
export function searchMap(graph: Graph, query: string): Hit[] {
  const wanted = query.trim().toLowerCase();
  if (wanted === '') return [];
  const found: { hit: Hit; rank: number }[] = [];
  for (const node of graph.namespaces) {
    for (const candidate of [ofNamespace(node), ...node.devices.map((device) => ofDevice(device, node))]) {
      const matches = candidate.texts.filter((text) => text.toLowerCase().includes(wanted));
      const [match] = matches.sort((a, b) => rankOf(a, wanted) - rankOf(b, wanted));
      if (match === undefined) continue;
      const { target, title, detail } = candidate;
      found.push({ hit: { target, title, detail: detailOf(detail, match, title) }, rank: rankOf(match, wanted) });
    }
  }
  // Stable: equals keep the order of the map.
  found.sort((a, b) => a.rank - b.rank);
  return found.slice(0, MOST).map(({ hit }) => hit);
}

const detailOf = (detail: string, match: string, title: string): string =>
  match === title || detail.includes(match) ? detail : `${match} · ${detail}`;

function rankOf(text: string, wanted: string): number {
  const lower = text.toLowerCase();
  return lower === wanted ? 0 : lower.startsWith(wanted) ? 1 : 2;
}

function ofNamespace(node: NamespaceNode): Candidate {
  const { names, inum } = node.namespace;
  const [first] = names;
  return {
    target: { kind: 'namespace', id: node.stack },
    title: first?.text ?? String(inum),
    detail: first?.image || 'namespace',
    texts: [...names.flatMap((name) => [name.text, name.image, name.project]), String(inum)].filter(
      (text) => text !== '',
    ),
  };
}

function ofDevice(device: DeviceNode, node: NamespaceNode): Candidate {
  const { link } = device;
  return {
    target: { kind: 'device', id: device.id },
    title: link.name,
    detail: `${link.kind} in ${node.namespace.names[0]?.text ?? node.namespace.inum}`,
    texts: [link.name, link.mac, ...link.addresses.map((each) => each.address)].filter((text) => text !== ''),
  };
}
