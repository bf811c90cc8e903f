// The exchanges in flight on the map. Each advances in its own packet time; none is ever invented or thinned out: when there
// are more than can be drawn, several that take the same way share one dot, and the dot says how many.
import type { Exchange } from '@hopscope/model';
import type { Point } from '../lib/geometry.ts';
import { advanceTime, forEachDot, type Schedule, type TimedDrop, type TimedLeg } from './schedule.ts';

export interface Flight {
  schedule: Schedule;
  atNs: number;
  /** Exchanges that this one stands for. */
  count: number;
  /** Those that joined it. */
  readonly members: number[];
  /** Of those and its own, what it does not stand for any more. */
  readonly hidden: Set<number>;
  /** Runs again and again. */
  isLooping: boolean;
  /** Somebody asked for it: it runs while everything else is paused. */
  isReplay: boolean;
  /** It stays where it is. */
  isHeld: boolean;
  /** ms until a looping flight starts again. */
  restMs: number;
  /** From where the dot should be to where it was last drawn, when its way became known better; shrinks to nothing. */
  shift: Point | null;
  shiftMs: number;
}

export interface Flights {
  /** A new exchange, or more about one in flight. */
  show(exchange: Exchange): void;
  /** Starts it from its beginning, whether in flight or not. */
  replay(exchange: Exchange, isLooping: boolean): void;
  /** It is not to be seen any more. A dot that stands for others as well goes on for those. */
  hide(id: number): void;
  /** Hides all others; what passes again is shown again, where it is still on its way. */
  retain(passes: (id: number) => boolean): void;
  /** Puts it where it was `ageMs` of page time after its beginning; nowhere when it had arrived by then. */
  place(exchange: Exchange, ageMs: number, stretch: number): void;
  /** Puts its packet where it was at that packet time, until it is replayed or let go. */
  hold(exchange: Exchange, atNs: number): void;
  /** No packet is held any more. */
  letGo(): void;
  /** No exchange loops any more. */
  endLoops(): void;
  /**
   * @param isPaused only what was asked for moves
   * @returns whether anything moves
   */
  advance(stepMs: number, stretch: number, isPaused?: boolean): boolean;
  forEachDot(callback: (flight: Flight, leg: TimedLeg, point: Point) => void): void;
  /** The map changed: the same times over new lines. */
  rebuild(): void;
  clear(): void;
  /** Dots at most; beyond it exchanges share one. */
  setCapacity(dots: number): void;
  readonly size: number;
  /** Exchanges in flight; more than `size` when some share a dot. */
  readonly packets: number;
}

export interface FlightsOptions {
  buildSchedule(exchange: Exchange): Schedule;
  /** A dot reached the place where its packet was dropped. */
  onDrop(schedule: Schedule, drop: TimedDrop, count: number): void;
}

/** Dots that a slow machine draws at 55 frames a second when it has nothing else to do. */
export const MAX_FLIGHTS = 2000;
/** Exchanges that follow each other within this time of the page's may share a dot. */
const BUNDLE_MS = 250;
const SHIFT_MS = 220;
const LOOP_REST_MS = 700;

export function createFlights({ buildSchedule, onDrop }: FlightsOptions): Flights {
  const flights = new Map<number, Flight>();
  /** By way: the flight that takes others in, and how old it is in page time. */
  const bundles = new Map<string, { flight: Flight; ageMs: number }>();
  /** Exchange → the flight that it joined. */
  const joined = new Map<number, Flight>();
  let packets = 0;
  let capacity = MAX_FLIGHTS;

  function launch(exchange: Exchange, isLooping: boolean): Flight {
    const schedule = buildSchedule(exchange);
    const flight: Flight = {
      schedule,
      atNs: schedule.startNs,
      count: 1,
      members: [],
      hidden: new Set(),
      isLooping,
      isReplay: false,
      isHeld: false,
      restMs: 0,
      shift: null,
      shiftMs: 0,
    };
    flights.set(exchange.id, flight);
    packets++;
    return flight;
  }

  function update(flight: Flight, exchange: Exchange): void {
    const was = onlyDot(flight);
    flight.schedule = buildSchedule(exchange);
    const is = onlyDot(flight);
    if (was === null || is === null) return;
    const shift = { x: was.x - is.x, y: was.y - is.y };
    if (Math.hypot(shift.x, shift.y) < 0.5) return;
    flight.shift = shift;
    flight.shiftMs = 0;
  }

  /** Where it is drawn, if it is one dot. */
  function onlyDot(flight: Flight): Point | null {
    let found: Point | null = null;
    let dots = 0;
    forEachDot(flight.schedule, flight.atNs, (_, point) => {
      dots++;
      found = shifted(flight, point);
    });
    return dots === 1 ? found : null;
  }

  function join(exchange: Exchange): void {
    const key = wayOf(exchange);
    const bundle = bundles.get(key);
    if (bundle === undefined || bundle.ageMs > BUNDLE_MS || !flights.has(bundle.flight.schedule.exchange.id)) {
      bundles.set(key, { flight: launch(exchange, false), ageMs: 0 });
      return;
    }
    bundle.flight.count++;
    bundle.flight.members.push(exchange.id);
    packets++;
    joined.set(exchange.id, bundle.flight);
  }

  function end(id: number, flight: Flight): void {
    flights.delete(id);
    for (const member of flight.members) joined.delete(member);
    packets -= flight.count;
  }

  function hide(id: number): void {
    const flight = flights.get(id) ?? joined.get(id);
    if (flight === undefined || flight.hidden.has(id)) return;
    if (flight.count > 1) {
      flight.count--;
      flight.hidden.add(id);
      packets--;
    } else end(flight.schedule.exchange.id, flight);
  }

  function reveal(id: number): void {
    const flight = flights.get(id) ?? joined.get(id);
    if (flight?.hidden.delete(id) !== true) return;
    flight.count++;
    packets++;
  }

  function launchAgain(exchange: Exchange, isLooping: boolean): Flight {
    const before = flights.get(exchange.id);
    if (before !== undefined) end(exchange.id, before);
    return launch(exchange, isLooping);
  }

  function fly(id: number, flight: Flight, stepMs: number, stretch: number): void {
    const { schedule } = flight;
    const before = flight.atNs;
    flight.atNs = advanceTime(schedule, before, stepMs, stretch);
    for (const drop of schedule.drops) {
      if (before <= drop.atNs && drop.atNs < flight.atNs) onDrop(schedule, drop, flight.count);
    }
    if (flight.atNs < schedule.endNs) return;
    if (!flight.isLooping) end(id, flight);
    else if (flight.restMs < LOOP_REST_MS) flight.restMs += stepMs;
    else {
      flight.atNs = schedule.startNs;
      flight.restMs = 0;
    }
  }

  return {
    hide,
    retain(passes) {
      for (const id of [...flights.keys(), ...joined.keys()]) {
        if (passes(id)) reveal(id);
        else hide(id);
      }
    },
    show(exchange) {
      reveal(exchange.id);
      const flight = flights.get(exchange.id);
      if (flight !== undefined) return update(flight, exchange);
      const bundle = joined.get(exchange.id);
      if (bundle !== undefined) {
        // A packet that died leaves the bundle and is shown dying.
        if (exchange.verdict !== 'dropped' || bundle.count <= 1) return;
        joined.delete(exchange.id);
        bundle.count--;
        packets--;
        launch(exchange, false).atNs = bundle.atNs;
        return;
      }
      if (!isFresh(exchange)) return;
      if (flights.size >= capacity) join(exchange);
      else launch(exchange, false);
    },
    replay(exchange, isLooping) {
      launchAgain(exchange, isLooping).isReplay = true;
    },
    place(exchange, ageMs, stretch) {
      if (!isFresh(exchange) || flights.size >= capacity) return;
      fly(exchange.id, launchAgain(exchange, false), ageMs, stretch);
    },
    hold(exchange, atNs) {
      const flight = launchAgain(exchange, false);
      flight.isHeld = true;
      flight.atNs = atNs;
      // The last hop of a packet that nobody was seen to take ends its way: it stands at the end of that.
      if (onlyDot(flight) === null) {
        const arrived = flight.schedule.legs.findLast((leg) => leg.endNs <= atNs && leg.endNs > leg.startNs);
        if (arrived !== undefined) flight.atNs = arrived.endNs - (arrived.endNs - arrived.startNs) / 1e6;
      }
    },
    letGo() {
      for (const [id, flight] of flights) if (flight.isHeld) end(id, flight);
    },
    endLoops() {
      for (const flight of flights.values()) flight.isLooping = false;
    },
    advance(stepMs, stretch, isPaused = false) {
      let isMoving = false;
      for (const [id, flight] of flights) {
        if (flight.isHeld || (isPaused && !flight.isReplay)) continue;
        isMoving = true;
        if (flight.shift !== null) {
          flight.shiftMs += stepMs;
          if (flight.shiftMs >= SHIFT_MS) flight.shift = null;
        }
        fly(id, flight, stepMs, stretch);
      }
      if (isPaused) return isMoving;
      for (const bundle of bundles.values()) bundle.ageMs += stepMs;
      if (flights.size < capacity) bundles.clear();
      return isMoving;
    },
    forEachDot(callback) {
      for (const flight of flights.values()) {
        forEachDot(flight.schedule, flight.atNs, (leg, point) => callback(flight, leg, shifted(flight, point)));
      }
    },
    rebuild() {
      for (const flight of flights.values()) flight.schedule = buildSchedule(flight.schedule.exchange);
    },
    clear() {
      flights.clear();
      bundles.clear();
      joined.clear();
      packets = 0;
    },
    setCapacity(dots) {
      capacity = dots;
    },
    get size() {
      return flights.size;
    },
    get packets() {
      return packets;
    },
  };
}

function shifted(flight: Flight, point: Point): Point {
  if (flight.shift === null) return point;
  const rest = (1 - flight.shiftMs / SHIFT_MS) ** 2;
  return { x: point.x + flight.shift.x * rest, y: point.y + flight.shift.y * rest };
}

/** Exchanges are told again when their verdict settles, seconds after they were shown. */
const isFresh = (exchange: Exchange): boolean => exchange.verdict !== 'lost-sight' && exchange.verdict !== 'ambiguous';

/** What two exchanges must have in common to share a dot. */
function wayOf(exchange: Exchange): string {
  const devices = exchange.request?.crossings.map((crossing) => crossing.device) ?? [];
  const drop = exchange.drop === null ? '' : `${exchange.drop.device} ${exchange.drop.reason}`;
  return `${exchange.src}>${exchange.dst}:${devices[0] ?? ''}:${drop}`;
}
