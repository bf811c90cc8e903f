// Where everything stands, in graph space. What render/ draws and nothing else.
import type { DeviceNode, Edge, NamespaceNode, NodeId } from '../graph/graph.ts';
import type { Box, Point } from '../lib/geometry.ts';

export interface PlacedDevice {
  readonly node: DeviceNode;
  readonly box: Box;
  /** One line of text instead of two. */
  readonly compact: boolean;
}

export interface PlacedNamespace {
  readonly node: NamespaceNode;
  readonly role: 'host' | 'left' | 'right';
  readonly box: Box;
  readonly stack: Box;
  readonly devices: readonly PlacedDevice[];
}

export interface PlacedOutside {
  readonly id: NodeId;
  readonly namespace: NamespaceNode;
  readonly box: Box;
}

export interface Wire {
  readonly edge: Edge;
  /** From edge.a to edge.b, corners rounded. */
  readonly points: readonly Point[];
  /** The way from b to a where it is another one: a loopback comes in by another arc than it leaves. */
  readonly back: readonly Point[] | null;
}

/** One quiet box for all that is folded. */
export interface PlacedFolded {
  readonly box: Box;
  readonly namespaces: readonly NamespaceNode[];
}

export interface Placement {
  readonly namespaces: readonly PlacedNamespace[];
  readonly outsides: readonly PlacedOutside[];
  readonly wires: ReadonlyMap<string, Wire>;
  readonly boxes: ReadonlyMap<NodeId, Box>;
  readonly bounds: Box;
  /** Null when nothing is. */
  readonly folded: PlacedFolded | null;
}

/** A rectangle of cells: of the grid right of the host, or of the shelf above it, whose rows count up from -1. */
export interface Cell {
  readonly column: number;
  readonly row: number;
  readonly columns: number;
  readonly rows: number;
}

/** The rows of the shelf that an island has for itself. */
export interface Block {
  readonly top: number;
  readonly rows: number;
}

/** Units on the host's left wall. */
export interface Berth {
  readonly unit: number;
  readonly units: number;
}

/**
 * What was decided on first sight and is kept: the reason why nothing moves when something else appears.
 * Keys are NodeIds of devices and ids of namespaces.
 */
export interface Memory {
  readonly gridColumns: number;
  /** Width / height of what the picture was to fill at first. */
  readonly aspect: number;
  readonly hostLanes: number;
  readonly hostStackY: number;
  readonly cells: ReadonlyMap<string, Cell>;
  /** By the island's hub. */
  readonly blocks: ReadonlyMap<string, Block>;
  readonly berths: ReadonlyMap<string, Berth>;
  readonly lanes: ReadonlyMap<string, number>;
}
