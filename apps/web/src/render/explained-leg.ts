// Which leg of which exchange the teaching caption speaks of.
import type { LessonLeg } from '../graph/lesson.ts';
import type { Flights } from './flights.ts';
import type { Schedule, TimedLeg } from './schedule.ts';

export interface Explained {
  readonly exchange: number;
  readonly leg: LessonLeg;
}

/**
 * @param wanted the exchange to speak of, if it is in flight
 * @param orAny else any other
 */
export function findExplained(flights: Flights, wanted: number | null, orAny: boolean): Explained | null {
  let best: { schedule: Schedule; leg: TimedLeg } | null = null;
  flights.forEachDot(({ schedule }, leg) => {
    if (schedule.exchange.id === wanted || (best === null && orAny)) best = { schedule, leg };
  });
  if (best === null) return null;
  const { schedule, leg } = best as { schedule: Schedule; leg: TimedLeg };
  const at = schedule.legs.indexOf(leg);
  const crossing = schedule.steps.find((step) => step.leg === at)?.crossing;
  const { id, request, reply, errors } = schedule.exchange;
  const journey = [request, reply, ...errors].find((each) => crossing && each?.crossings.includes(crossing));
  const isDropped = schedule.drops.some(({ node, atNs }) => node === leg.nodes.at(-1) && atNs === leg.endNs);
  return {
    exchange: id,
    leg: { nodes: leg.nodes, arrives: crossing && journey ? { crossing, journey } : null, isDropped },
  };
}
