// An exchange → the legs its packets travel over the graph, with their times.
//
// A crossing says "this packet was at this device then". Between two crossings the packet took the way between the two
// nodes, and the leg lasts exactly as long as the kernel took. Only the ends have no time of their own: how long a packet
// took from the sending process to its first device was not seen, so the first and last leg get a short fixed time.
// A flooded packet is a tree: several legs start where one ended.
import type { Crossing, Direction, Exchange, Journey } from '@hopscope/model';
import type { Graph, NodeId } from './graph.ts';
import { deviceNode, stackNode } from './graph.ts';
import { endOf, findParent, originOf } from './journey-tree.ts';
import type { Router } from './route.ts';

export interface Leg {
  readonly direction: Direction;
  /** Index of the leg this one goes on from; null at the start of a journey. */
  readonly from: number | null;
  /** Nodes on the way, both ends included. One node: it waits there. */
  readonly nodes: readonly NodeId[];
  /** ns since the exchange began; the very first leg starts below 0. */
  readonly startNs: number;
  readonly endNs: number;
}

export interface Step {
  /** 1, 2, …: request, then reply, then errors. */
  readonly number: number;
  readonly direction: Direction;
  readonly crossing: Crossing;
  readonly node: NodeId;
  /** The leg that arrives here; null where a journey was first seen. */
  readonly leg: number | null;
}

export interface DropMark {
  readonly node: NodeId;
  /** The leg that ends in the drop. */
  readonly leg: number;
  readonly atNs: number;
}

export interface ExchangePath {
  readonly legs: readonly Leg[];
  readonly steps: readonly Step[];
  readonly drops: readonly DropMark[];
  readonly startNs: number;
  readonly endNs: number;
}

function journeysOf(exchange: Exchange): Journey[] {
  return [exchange.request, exchange.reply, ...exchange.errors].filter((journey) => journey !== null);
}

/** @param endShareNs how long the first and the last leg of a journey take, where nothing tells */
export function buildExchangePath(exchange: Exchange, graph: Graph, router: Router, endShareNs: number): ExchangePath {
  const journeys = journeysOf(exchange).filter((journey) => journey.crossings.length > 0);
  const first = Math.min(...journeys.flatMap((journey) => journey.crossings.map((crossing) => crossing.t)));
  const builder = createBuilder(first, endShareNs, graph, router);
  for (const journey of journeys) {
    const answer = journey === exchange.request ? (exchange.reply ?? exchange.errors[0] ?? null) : null;
    builder.addJourney(journey, answer);
  }
  return builder.finish();
}

function createBuilder(originNs: number, endShareNs: number, graph: Graph, router: Router) {
  const legs: Leg[] = [];
  const steps: Step[] = [];
  const drops: DropMark[] = [];
  /** Where and when the journey so far came to rest, for an answer that starts in the same place. */
  let rest: { leg: number; node: NodeId; atNs: number } | null = null;

  const way = (from: NodeId, to: NodeId): readonly NodeId[] =>
    from === to ? [from] : (router.route(from, to) ?? [from, to]);

  function addLeg(leg: Leg): number {
    // A packet can be seen at a device no later than where it came from: clocks of two CPUs may differ by some ns.
    legs.push({ ...leg, endNs: Math.max(leg.endNs, leg.startNs) });
    return legs.length - 1;
  }

  function addStart(journey: Journey, direction: Direction): { leg: number | null; atNs: number } {
    const root = journey.crossings[0] as Crossing;
    const rootNode = deviceNode(root.device);
    const origin = originOf(root, graph);
    const atNs = root.t - originNs;
    if (origin === null) return { leg: null, atNs };
    let startNs = atNs - endShareNs;
    let from: number | null = null;
    if (rest !== null && rest.node === origin && rest.atNs <= atNs) {
      from = rest.leg;
      if (rest.atNs < startNs) {
        const waiting = legs[rest.leg] as Leg;
        from = addLeg({ ...waiting, from, nodes: [origin], startNs: rest.atNs, endNs: startNs });
      } else startNs = rest.atNs;
    }
    const nodes = way(origin, rootNode);
    return { leg: addLeg({ direction, from, nodes, startNs, endNs: atNs }), atNs };
  }

  /** When the last leg ends: at most half-way to the time the answer leaves; the other half is the answer's. */
  function endAfter(atNs: number, node: NodeId, answer: Journey | null): number {
    const reply = answer?.crossings[0];
    if (reply === undefined || originOf(reply, graph) !== node) return atNs + endShareNs;
    const gapNs = Math.max(0, reply.t - originNs - atNs);
    return atNs + Math.min(endShareNs, gapNs / 2);
  }

  function addJourney(journey: Journey, answer: Journey | null): void {
    const { crossings, direction } = journey;
    const firstNumber = steps.length + 1;
    const legOf: (number | null)[] = [];
    const hasChild = new Set<number>();
    for (const [i, crossing] of crossings.entries()) {
      const node = deviceNode(crossing.device);
      if (i === 0) {
        const { leg } = addStart(journey, direction);
        legOf.push(leg);
        steps.push({ number: firstNumber, direction, crossing, node, leg });
        continue;
      }
      const parent = findParent(crossings, i, graph);
      hasChild.add(parent);
      const before = crossings[parent] as Crossing;
      const leg = addLeg({
        direction,
        from: legOf[parent] ?? null,
        nodes: way(deviceNode(before.device), node),
        startNs: before.t - originNs,
        endNs: crossing.t - originNs,
      });
      legOf.push(leg);
      steps.push({ number: firstNumber + i, direction, crossing, node, leg });
    }
    rest = null;
    const dropAt = journey.drop === null ? -1 : crossings.findLastIndex((each) => isAtDrop(each, journey));
    for (const [i, crossing] of crossings.entries()) {
      if (hasChild.has(i) && i !== dropAt) continue;
      const node = deviceNode(crossing.device);
      const atNs = crossing.t - originNs;
      const from = legOf[i] ?? null;
      if (i === dropAt && journey.drop !== null) {
        const dropNs = Math.max(atNs, journey.drop.t - originNs);
        const nodes = journey.drop.device === null ? way(node, stackNode(crossing.netns)) : [node];
        const leg = addLeg({ direction, from, nodes, startNs: atNs, endNs: dropNs });
        drops.push({ node: nodes[nodes.length - 1] as NodeId, leg, atNs: dropNs });
        continue;
      }
      const end = endOf(journey, i, graph);
      if (end === null) continue;
      const endNs = endAfter(atNs, end, answer);
      const leg = addLeg({ direction, from, nodes: way(node, end), startNs: atNs, endNs });
      rest = { leg, node: end, atNs: endNs };
    }
  }

  return {
    addJourney,
    finish(): ExchangePath {
      const startNs = Math.min(0, ...legs.map((leg) => leg.startNs));
      const endNs = Math.max(0, ...legs.map((leg) => leg.endNs));
      return { legs, steps, drops, startNs, endNs };
    },
  };
}

/** A drop on no device belongs to the last crossing. */
function isAtDrop(crossing: Crossing, journey: Journey): boolean {
  const at = journey.drop?.device ?? null;
  if (at === null || !journey.crossings.some((each) => each.device === at)) {
    return crossing === journey.crossings[journey.crossings.length - 1];
  }
  return crossing.device === at;
}
