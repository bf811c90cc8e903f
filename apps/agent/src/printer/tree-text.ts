// Nodes → lines with branches drawn in front and columns lined up.
import type { Glyphs } from './glyphs.ts';

export interface TreeNode {
  /** As it is, without colours. */
  readonly label: string;
  readonly paint: (text: string) => string;
  /** ns since the exchange began; null: the line has no columns. */
  readonly sinceNs: number | null;
  /** What stands behind the columns, with colours. */
  readonly detail: string;
  readonly children: readonly TreeNode[];
}

interface Row {
  readonly stems: string;
  readonly node: TreeNode;
}

/** @param nodes below a line that the caller writes */
export function treeLines(nodes: readonly TreeNode[], glyphs: Glyphs, dim: (text: string) => string): string[] {
  const rows = rowsOf(nodes, glyphs, '');
  const timed = rows.filter(({ node }) => node.sinceNs !== null);
  const labelWidth = Math.max(0, ...timed.map(({ stems, node }) => stems.length + node.label.length));
  const timeWidth = Math.max(0, ...timed.map(({ node }) => micros(node).length));
  return rows.map(({ stems, node }) => {
    const head = `${dim(stems)}${node.paint(node.label)}`;
    if (node.sinceNs === null) return node.detail === '' ? head : `${head}  ${node.detail}`;
    const gap = ' '.repeat(labelWidth - stems.length - node.label.length);
    return `${head}${gap}  ${micros(node).padStart(timeWidth)} ${glyphs.micros}  ${node.detail}`.trimEnd();
  });
}

const micros = ({ sinceNs }: TreeNode): string => ((sinceNs ?? 0) / 1000).toFixed(1);

function rowsOf(nodes: readonly TreeNode[], glyphs: Glyphs, before: string): Row[] {
  return nodes.flatMap((node, i) => {
    const isLast = i === nodes.length - 1;
    const stems = `${before}${isLast ? glyphs.last : glyphs.branch}`;
    return [{ stems, node }, ...rowsOf(node.children, glyphs, `${before}${isLast ? glyphs.blank : glyphs.stem}`)];
  });
}
