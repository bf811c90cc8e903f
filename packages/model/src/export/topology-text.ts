// The topology as text that other programs draw: Mermaid (GitHub, GitLab, many wikis) and DOT (Graphviz).
import type { Link, Namespace, NetnsId, Topology } from '@hopscope/protocol';
import { oneLine, plainText } from './plain-text.ts';

/** A wire between two devices, or a port in its bridge. */
interface Edge {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

export interface TopologyTextOptions {
  readonly titleOf: (netns: NetnsId) => string;
}

/** A Mermaid flowchart. */
export function topologyToMermaid(topology: Topology, { titleOf }: TopologyTextOptions): string {
  const lines = ['flowchart LR'];
  for (const [i, namespace] of topology.namespaces.entries()) {
    lines.push(`  subgraph ns${i}["${mermaidText(titleOf(namespace.id))}"]`);
    for (const link of namespace.links) {
      const text = linkLines(link).map(mermaidText).join('<br>');
      const [open, close] = link.kind === 'bridge' ? ['[[', ']]'] : ['[', ']'];
      lines.push(`    ${nodeId(i, link.ifindex)}${open}"${text}"${close}`);
    }
    lines.push('  end');
  }
  for (const { from, to, label } of edgesOf(topology)) {
    lines.push(`  ${from} ---${label === '' ? '' : `|"${mermaidText(label)}"|`} ${to}`);
  }
  return plainText(`${lines.join('\n')}\n`);
}

/** A Graphviz graph. */
export function topologyToDot(topology: Topology, { titleOf }: TopologyTextOptions): string {
  const lines = [
    'graph hopscope {',
    '  rankdir=LR;',
    '  graph [fontname="sans-serif"];',
    '  edge [fontname="sans-serif"];',
    '  node [shape=box, fontname="sans-serif"];',
  ];
  for (const [i, namespace] of topology.namespaces.entries()) {
    lines.push(`  subgraph cluster_${i} {`, `    label=${dotText(titleOf(namespace.id))};`);
    for (const link of namespace.links) {
      const shape = link.kind === 'bridge' ? ', peripheries=2' : '';
      lines.push(`    ${nodeId(i, link.ifindex)} [label=${dotText(...linkLines(link))}${shape}];`);
    }
    lines.push('  }');
  }
  for (const { from, to, label } of edgesOf(topology)) {
    lines.push(`  ${from} -- ${to}${label === '' ? '' : ` [label=${dotText(label)}]`};`);
  }
  return plainText(`${[...lines, '}'].join('\n')}\n`);
}

const nodeId = (namespace: number, ifindex: number) => `ns${namespace}_if${ifindex}`;

function linkLines(link: Link): string[] {
  const kind = link.vxlanId > 0 ? `vxlan ${link.vxlanId}` : link.vlanId > 0 ? `vlan ${link.vlanId}` : link.kind;
  return [
    `${link.name} (${kind}${link.up ? '' : ', down'})`,
    ...link.addresses.map((one) => `${one.address}/${one.prefix}`),
  ];
}

/** Each veth pair once, each port to its bridge, each upper device to the one below it. */
function edgesOf({ namespaces }: Topology): Edge[] {
  const indexOf = new Map(namespaces.map(({ id }, i) => [id, i]));
  const edges: Edge[] = [];
  const seen = new Set<string>();
  for (const [i, namespace] of namespaces.entries()) {
    for (const link of namespace.links) {
      const from = nodeId(i, link.ifindex);
      if (hasLink(namespace, link.master)) edges.push({ from, to: nodeId(i, link.master), label: 'port' });
      const other =
        link.peer?.netns === undefined || link.peer.netns === null ? undefined : indexOf.get(link.peer.netns);
      if (link.peer === null || other === undefined || !hasLink(namespaces[other], link.peer.ifindex)) continue;
      const to = nodeId(other, link.peer.ifindex);
      const pair = [from, to].sort().join(' ');
      if (seen.has(pair)) continue;
      seen.add(pair);
      edges.push({ from, to, label: link.kind === 'veth' ? 'veth' : 'over' });
    }
  }
  return edges;
}

function hasLink(namespace: Namespace | undefined, ifindex: number): boolean {
  return namespace?.links.some((link) => link.ifindex === ifindex) === true;
}

/** Names are chosen by whoever made them: nothing in them may end the text or be taken for markup. */
function mermaidText(text: string): string {
  return oneLine(text).replace(/[&"<>#;`[\]{}|\\]/g, (character) => `#${character.codePointAt(0)};`);
}

function dotText(...lines: readonly string[]): string {
  return `"${lines.map((line) => oneLine(line).replaceAll('\\', '\\\\').replaceAll('"', '\\"')).join('\\n')}"`;
}
