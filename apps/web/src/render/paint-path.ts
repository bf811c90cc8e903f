// The path of one exchange lit up on the map: its lines, its steps numbered, everything else pale.
import type { Direction } from '@hopscope/model';
import type { NodeId } from '../graph/graph.ts';
import type { Placement } from '../layout/placement.ts';
import { type Box, type Point, pathData } from '../lib/geometry.ts';
import type { Layer } from './paint-boxes.ts';
import type { Schedule, TimedLeg } from './schedule.ts';

interface Badge {
  readonly number: number;
  readonly direction: Direction;
  readonly at: Point;
}

/** Request and reply run side by side where they share a wire. */
const SIDE: Readonly<Record<Direction, number>> = { request: -2, reply: 2, error: 0 };
/** The second path runs outside of the first. */
const SECOND_ASIDE = 3.5;

/**
 * @param schedule null: nothing is lit
 * @param type factor on the size of type
 * @param second another one beside it, dotted and without numbers
 * @param current number of the step that is being looked at
 */
export function paintPath(
  world: Layer,
  lines: Layer,
  badges: Layer,
  schedule: Schedule | null,
  placement: Placement,
  type: number,
  second: Schedule | null,
  current: number | null,
): void {
  const isUncertain = schedule !== null && (schedule.exchange.incomplete || schedule.exchange.verdict === 'ambiguous');
  const legs = [...litLegs(schedule, false), ...litLegs(second, true)];
  lines
    .selectAll<SVGPathElement, LitLeg>('path')
    .data(legs)
    .join('path')
    .attr('class', ({ leg, isSecond }) => {
      const look = isSecond ? 'is-second' : isUncertain ? 'is-uncertain' : '';
      return `lit lit-${leg.direction} ${look}`;
    })
    .attr('transform', ({ leg, isSecond }) => {
      const aside = SIDE[leg.direction] * (isSecond ? SECOND_ASIDE : 1);
      return `translate(${aside} ${aside})`;
    })
    .attr('d', ({ leg }) => pathData(leg.track.points));
  badges
    .selectAll<SVGGElement, Badge>('g')
    .data(schedule === null ? [] : placeBadges(schedule, placement))
    .join((enter) => {
      const group = enter.append('g');
      group.append('circle').attr('r', 9.5);
      group.append('text').attr('y', 4);
      return group;
    })
    .attr('class', (badge) => `badge badge-${badge.direction} ${badge.number === current ? 'is-current' : ''}`)
    .attr('transform', (badge) => `translate(${badge.at.x} ${badge.at.y}) scale(${type})`)
    .select('text')
    .text((badge) => badge.number);
  const lit = [schedule, second].filter((each) => each !== null);
  const nodes = lit.length === 0 ? null : new Set(lit.flatMap((each) => [...litNodes(each)]));
  world.classed('has-lit', nodes !== null);
  world.selectAll<SVGGElement, unknown>('[data-node]').each(function mark() {
    this.classList.toggle('is-lit', nodes?.has(this.dataset.node ?? '') ?? false);
  });
  const namespaces = new Set(lit.flatMap(({ steps }) => steps.map((step) => step.crossing.netns as string)));
  world.selectAll<SVGGElement, unknown>('g.ns, g.cover').each(function mark() {
    this.classList.toggle('is-lit', namespaces.has(this.dataset.netns ?? ''));
  });
}

function litNodes(schedule: Schedule): Set<NodeId> {
  return new Set([...schedule.steps.map((step) => step.node), ...schedule.legs.flatMap((leg) => leg.nodes)]);
}

interface LitLeg {
  readonly leg: TimedLeg;
  readonly isSecond: boolean;
}

const litLegs = (schedule: Schedule | null, isSecond: boolean): LitLeg[] =>
  (schedule?.legs ?? []).filter((leg) => leg.track.length > 0).map((leg) => ({ leg, isSecond }));

/** Requests at a device's upper left, replies at its lower right; at a bar where the wire goes in. */
function placeBadges(schedule: Schedule, placement: Placement): Badge[] {
  const taken = new Map<string, number>();
  return schedule.steps.flatMap(({ number, direction, node, leg }) => {
    const box = placement.boxes.get(node);
    if (box === undefined) return [];
    const edge = direction === 'request' ? 'upper' : 'lower';
    const nth = taken.get(`${node}${edge}`) ?? 0;
    taken.set(`${node}${edge}`, nth + 1);
    const points = schedule.legs[leg ?? -1]?.track.points ?? [];
    const isBar = box.height > box.width;
    const at = isBar ? barPoint(box, points[points.length - 1], edge, nth) : badgePoint(box, edge, nth);
    return [{ number, direction, at }];
  });
}

/** On the left edge, above where a request and below where a reply goes in. */
function barPoint(box: Box, entered: Point | undefined, edge: 'upper' | 'lower', nth: number): Point {
  const y = entered?.y ?? box.y + box.height / 2;
  return { x: box.x - 5, y: edge === 'upper' ? y - 17 - nth * 21 : y + 17 + nth * 21 };
}

const BADGE_PITCH = 21;

/** At the upper left corner or the lower right one, further ones along the edge; clear of the texts inside. */
function badgePoint(box: Box, edge: 'upper' | 'lower', nth: number): Point {
  // A loopback's stand beside its name, above the lane.
  if (box.width < 60) {
    const beside = 5 + nth * BADGE_PITCH;
    return { x: edge === 'upper' ? box.x - beside : box.x + box.width + beside, y: box.y + 4 };
  }
  const inset = 8;
  return edge === 'upper'
    ? { x: box.x - 3 + nth * BADGE_PITCH, y: box.y + inset - (nth > 0 ? 12 : 0) }
    : { x: box.x + box.width + 3 - nth * BADGE_PITCH, y: box.y + box.height - inset + (nth > 0 ? 12 : 0) };
}
