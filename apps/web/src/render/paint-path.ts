// The path of one exchange lit up on the map: its lines, its steps numbered, everything else pale.
import type { Direction } from '@hopscope/model';
import type { NodeId } from '../graph/graph.ts';
import type { Placement } from '../layout/placement.ts';
import { type Box, type Point, pathData } from '../lib/geometry.ts';
import type { Layer } from './paint-boxes.ts';
import type { Schedule, TimedLeg } from './schedule.ts';
import { child } from './svg.ts';

interface Badge {
  readonly number: number;
  readonly direction: Direction;
  readonly at: Point;
  /** At type of the usual size. */
  readonly radius: number;
  readonly isCurrent: boolean;
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
    .data(schedule === null ? [] : placeBadges(schedule, placement, type, current))
    .join((enter) => {
      const group = enter.append('g');
      group.append('circle');
      group.append('text').attr('y', 4);
      return group;
    })
    .attr('class', (badge) => `badge badge-${badge.direction} ${badge.isCurrent ? 'is-current' : ''}`)
    .attr('transform', (badge) => `translate(${badge.at.x} ${badge.at.y}) scale(${type})`)
    .each(function fill({ number, radius }) {
      child(this, 'circle', 'circle').setAttribute('r', String(radius));
      child(this, 'text', 'text').textContent = String(number);
    });
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
function placeBadges(schedule: Schedule, placement: Placement, type: number, current: number | null): Badge[] {
  const taken = new Map<string, number>();
  return schedule.steps.flatMap(({ number, direction, node, leg }) => {
    const box = placement.boxes.get(node);
    if (box === undefined) return [];
    const edge = direction === 'request' ? 'upper' : 'lower';
    const nth = taken.get(`${node}${edge}`) ?? 0;
    taken.set(`${node}${edge}`, nth + 1);
    const points = schedule.legs[leg ?? -1]?.track.points ?? [];
    const isBar = box.height > box.width;
    const isCurrent = number === current;
    const radius = (isCurrent ? CURRENT_RADIUS : RADIUS) * type;
    const spot: Spot = { box, edge, nth, radius, type };
    const at = isBar ? barPoint(spot, points[points.length - 1]) : badgePoint(spot);
    return [{ number, direction, at, radius: radius / type, isCurrent }];
  });
}

const RADIUS = 9.5;
const CURRENT_RADIUS = 13;
/** From one circle to the next at the same corner. */
const PITCH = 21;
/** How far a circle reaches over its device's edge: names start farther in, however large the circle is. */
const REACH = 4;

interface Spot {
  readonly box: Box;
  readonly edge: 'upper' | 'lower';
  readonly nth: number;
  readonly radius: number;
  readonly type: number;
}

/** On the left edge, above where a request and below where a reply goes in. */
function barPoint({ box, edge, nth, radius, type }: Spot, entered: Point | undefined): Point {
  const y = entered?.y ?? box.y + box.height / 2;
  const aside = 7.5 + radius + nth * PITCH * type;
  return { x: box.x + REACH - radius, y: edge === 'upper' ? y - aside : y + aside };
}

/**
 * Outside of the upper left corner or the lower right one, between the texts inside and the wire that goes in; further ones along the edge,
 * off the box.
 */
function badgePoint({ box, edge, nth, radius, type }: Spot): Point {
  const isLoopback = box.width < 60;
  // A loopback's stand beside its name, above the lane.
  const along = isLoopback ? -nth * PITCH * type : nth * PITCH * type;
  const right = box.x + box.width;
  const bottom = box.y + box.height;
  if (isLoopback) {
    return { x: edge === 'upper' ? box.x + REACH - radius + along : right - REACH + radius - along, y: box.y + 4 };
  }
  const off = nth > 0 ? radius - 4 : radius - 15.5;
  // Type that grew fills the room above with the namespace's title: there a request's stand on the wire.
  const above = nth === 0 && type > 1.3 ? 6 - radius : off;
  return edge === 'upper'
    ? { x: box.x + REACH - radius + along, y: box.y - above }
    : { x: right - 1 + radius - along, y: bottom + off };
}
