// An exchange on the map → what is drawn at each instant of packet time.
//
// Time here is packet time, in ns since the exchange began, so that changing the stretch factor changes the pace and nothing
// else. Proportions are true, with one exception that is always labelled: a wait longer than a few seconds on the page (an
// answer from far away) is passed over quickly.
import type { Direction, Exchange } from '@hopscope/model';
import type { Graph, NodeId } from '../graph/graph.ts';
import { buildExchangePath, type Step } from '../graph/path.ts';
import type { Router } from '../graph/route.ts';
import type { Placement } from '../layout/placement.ts';
import { traceNodes } from '../layout/through.ts';
import { centre, cutTrack, measureTrack, nearestOnTrack, type Point, pointAt, type Track } from '../lib/geometry.ts';

export interface TimedLeg {
  readonly direction: Direction;
  readonly from: number | null;
  readonly track: Track;
  readonly startNs: number;
  readonly endNs: number;
  /** Nodes on the way, both ends included. */
  readonly nodes: readonly NodeId[];
  /** Nobody saw how it came from the first of two nodes to the second: the dot stays at the first. */
  readonly isGap: boolean;
  /** Part of the way, 0 … 1, at which the packet is in the stack that it passes: there NAT takes place. */
  readonly turn: number;
}

export interface TimedDrop {
  readonly node: NodeId;
  readonly point: Point;
  readonly atNs: number;
}

export interface Schedule {
  readonly exchange: Exchange;
  readonly legs: readonly TimedLeg[];
  readonly steps: readonly Step[];
  readonly drops: readonly TimedDrop[];
  readonly startNs: number;
  readonly endNs: number;
  /** Each leg begins where the one before ends or later: at most one moves at a time. */
  readonly isChain: boolean;
  /** Legs that stay in one place. */
  readonly waits: readonly TimedLeg[];
}

/** Of an exchange that came before the map. */
export const noSchedule = (exchange: Exchange): Schedule => ({
  exchange,
  legs: [],
  steps: [],
  drops: [],
  startNs: 0,
  endNs: 0,
  isChain: true,
  waits: [],
});

/** Page time of the legs whose time the kernel did not tell: from a stack to the first device, from the last to a stack. */
const END_MS = 320;

/** @param stretch page time / packet time, at the moment */
export function buildSchedule(
  exchange: Exchange,
  graph: Graph,
  placement: Placement,
  router: Router,
  stretch: number,
): Schedule {
  const path = buildExchangePath(exchange, graph, router, (END_MS * 1e6) / stretch);
  const legs: TimedLeg[] = [];
  for (const leg of path.legs) {
    const before = leg.from === null ? undefined : legs[leg.from];
    const start = before === undefined || before.isGap ? null : (before.track.points.at(-1) ?? null);
    const isGap = leg.nodes.some((node, i) => i > 0 && !isWired(leg.nodes[i - 1] as NodeId, node, graph, placement));
    const nodes = isGap ? leg.nodes.slice(0, 1) : leg.nodes;
    // A node that is not on the map any more, or not yet, has no place: nothing is drawn there rather than somewhere else.
    const isPlaced = nodes.length > 0 && nodes.every((node) => placement.boxes.has(node));
    const track = measureTrack(isPlaced ? traceNodes(graph, placement, nodes, start) : []);
    legs.push({ ...leg, track, isGap, turn: turnOf(track, nodes, placement) });
  }
  const drops = path.drops.flatMap(({ node, leg, atNs }): TimedDrop[] => {
    const { track } = legs[leg] as TimedLeg;
    return track.points.length === 0 ? [] : [{ node, point: pointAt(track, track.length), atNs }];
  });
  const isChain = legs.every((leg, i) => i === 0 || leg.startNs >= (legs[i - 1] as TimedLeg).endNs);
  const waits = legs.filter((leg) => leg.track.length === 0);
  return { exchange, legs, steps: path.steps, drops, startNs: path.startNs, endNs: path.endNs, isChain, waits };
}

function turnOf(track: Track, nodes: readonly NodeId[], placement: Placement): number {
  const stack = nodes.slice(1, -1).find((node) => node.startsWith('stack:'));
  const box = placement.boxes.get(stack ?? '');
  return box === undefined || track.length === 0 ? 0.5 : nearestOnTrack(track, centre(box)).distance / track.length;
}

function isWired(a: NodeId, b: NodeId, graph: Graph, placement: Placement): boolean {
  const edge = graph.edgesOf.get(a)?.find((each) => each.a === b || each.b === b);
  return edge !== undefined && placement.wires.has(edge.id);
}

const isMoving = (leg: TimedLeg, atNs: number): boolean => leg.startNs <= atNs && atNs < leg.endNs;

function distanceAt(leg: TimedLeg, atNs: number): number {
  if (leg.endNs === leg.startNs) return leg.track.length;
  return (leg.track.length * (atNs - leg.startNs)) / (leg.endNs - leg.startNs);
}

/** As near as a dot is to a line when it is on it. */
const ON_LINE = 0.75;

/** When the packet is at that point of its way in that direction: of several such times the one nearest to `atNs`. Null: never. */
export function timeAt(schedule: Schedule, direction: Direction, point: Point, atNs: number): number | null {
  let best: number | null = null;
  for (const leg of schedule.legs) {
    if (leg.direction !== direction || leg.track.points.length === 0) continue;
    const { distance, apart } = nearestOnTrack(leg.track, point);
    if (apart > ON_LINE) continue;
    const part = leg.track.length === 0 ? 0 : distance / leg.track.length;
    // Where it waits, it is all the time.
    const time =
      leg.track.length === 0
        ? Math.max(leg.startNs, Math.min(leg.endNs, atNs))
        : leg.startNs + part * (leg.endNs - leg.startNs);
    if (best === null || Math.abs(time - atNs) < Math.abs(best - atNs)) best = time;
  }
  return best;
}

/** Calls back for each place where the packet is at that time: one, or several of a flooded packet. */
export function forEachDot(schedule: Schedule, atNs: number, callback: (leg: TimedLeg, point: Point) => void): void {
  const { legs, isChain } = schedule;
  for (let i = isChain ? firstToEnd(legs, atNs) : 0; i < legs.length; i++) {
    const leg = legs[i] as TimedLeg;
    if (leg.track.points.length > 0 && isMoving(leg, atNs)) callback(leg, pointAt(leg.track, distanceAt(leg, atNs)));
    if (isChain) return;
  }
}

/** Index of the first leg of a chain that has not ended: thousands of dots ask for theirs in each frame. */
function firstToEnd(legs: readonly TimedLeg[], atNs: number): number {
  let low = 0;
  let high = legs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((legs[middle] as TimedLeg).endNs <= atNs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The way a dot came since `sinceNs`, oldest point first. */
export function trailOf(schedule: Schedule, leg: TimedLeg, sinceNs: number, atNs: number): Point[] {
  const points = cutTrack(leg.track, sinceNs <= leg.startNs ? 0 : distanceAt(leg, sinceNs), distanceAt(leg, atNs));
  const before = leg.from === null ? undefined : schedule.legs[leg.from];
  if (before === undefined || sinceNs >= leg.startNs || before.direction !== leg.direction) return points;
  return [...trailOf(schedule, before, sinceNs, leg.startNs), ...points];
}

/** A wait that takes longer than this on the page is passed over … */
const LONG_WAIT_MS = 5000;
/** … in this time. */
const SHORTENED_MS = 1500;

/**
 * Packet time after `stepMs` on the page.
 * @param stretch page time / packet time
 */
export function advanceTime(schedule: Schedule, fromNs: number, stepMs: number, stretch: number): number {
  // Nothing waits long: time goes on evenly.
  if (!schedule.waits.some((leg) => isLongWait(leg, stretch))) return fromNs + (stepMs * 1e6) / stretch;
  let atNs = fromNs;
  let leftMs = stepMs;
  while (leftMs > 0 && atNs < schedule.endNs) {
    const wait = longWaitAt(schedule, atNs, stretch);
    if (wait === null) {
      const next = atNs + (leftMs * 1e6) / stretch;
      const ahead = nextLongWait(schedule, atNs, next, stretch);
      if (ahead === null) return next;
      leftMs -= ((ahead.startNs - atNs) * stretch) / 1e6;
      atNs = ahead.startNs;
      continue;
    }
    const nsPerMs = (wait.endNs - wait.startNs) / SHORTENED_MS;
    const endMs = (wait.endNs - atNs) / nsPerMs;
    if (endMs > leftMs) return atNs + leftMs * nsPerMs;
    leftMs -= endMs;
    atNs = wait.endNs;
  }
  return atNs + (leftMs * 1e6) / stretch;
}

const isLongWait = (leg: TimedLeg, stretch: number): boolean =>
  leg.track.length === 0 && (leg.endNs - leg.startNs) * stretch > LONG_WAIT_MS * 1e6;

/** The long wait under way, if that is all that happens at that time. */
export function longWaitAt(schedule: Schedule, atNs: number, stretch: number): TimedLeg | null {
  let wait: TimedLeg | null = null;
  for (const leg of schedule.legs) {
    if (!isMoving(leg, atNs)) continue;
    if (!isLongWait(leg, stretch)) return null;
    wait = leg;
  }
  return wait;
}

function nextLongWait(schedule: Schedule, fromNs: number, toNs: number, stretch: number): TimedLeg | null {
  for (const leg of schedule.legs) {
    if (leg.startNs > fromNs && leg.startNs < toNs && isLongWait(leg, stretch)) return leg;
  }
  return null;
}
