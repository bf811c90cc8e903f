// The exchanges in flight on the map. Each advances in its own packet time; none is ever invented or thinned out: when there
// are more than can be drawn, several that take the same way share one dot, and the dot says how many.
import type { Direction, Exchange } from '@hopscope/model';
import type { Point } from '../lib/geometry.ts';
import { advanceTime, forEachDot, type Schedule, type TimedDrop, type TimedLeg, timeAt } from './schedule.ts';

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
  /** How far the dot is behind its packet on the same way, in packet time, since that became known better; shrinks to nothing. */
  lagNs: number;
  lagMs: number;
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
  /** Exchanges that the largest dot stands for. */
  readonly largest: number;
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
/** Exchanges remembered after their dot ended: those of the last seconds. */
const LANDED_KEPT = 5000;
/** A dot that is behind its packet catches up within this time. */
const LAG_MS = 220;
const LOOP_REST_MS = 700;

export function createFlights({ buildSchedule, onDrop }: FlightsOptions): Flights {
  const flights = new Map<number, Flight>();
  /** By way: the flight that takes others in, and how old it is in page time. */
  const bundles = new Map<string, { flight: Flight; ageMs: number }>();
  /** Exchange → the flight that it joined. */
  const joined = new Map<number, Flight>();
  /** Exchange → the packet time at which its dot ended: who hears more of it later goes on from there. */
  const landed = new Map<number, number>();
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
      lagNs: 0,
      lagMs: 0,
    };
    flights.set(exchange.id, flight);
    packets++;
    return flight;
  }

  function update(flight: Flight, exchange: Exchange): void {
    const was = onlyDot(flight);
    flight.schedule = buildSchedule(exchange);
    flight.lagNs = 0;
    if (was === null) return;
    // A dot never leaves its way: it goes on from where it is and makes up for it there, or it is where its packet is.
    const drawnNs = timeAt(flight.schedule, was.direction, was.point, flight.atNs);
    flight.lagNs = drawnNs === null ? 0 : flight.atNs - drawnNs;
    flight.lagMs = 0;
  }

  /** Where it is drawn, if it is one dot. */
  function onlyDot(flight: Flight): { point: Point; direction: Direction } | null {
    let found: { point: Point; direction: Direction } | null = null;
    let dots = 0;
    forEachDot(flight.schedule, drawnNsOf(flight), ({ direction }, point) => {
      dots++;
      found = { point, direction };
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

  function land(id: number, flight: Flight): void {
    end(id, flight);
    for (const each of [id, ...flight.members]) landed.set(each, flight.atNs);
    while (landed.size > LANDED_KEPT) landed.delete(landed.keys().next().value as number);
  }

  /** The dot of an exchange that was shown before never flies the same way twice. */
  function goOn(exchange: Exchange, landedNs: number): void {
    const { endNs } = buildSchedule(exchange);
    if (endNs <= landedNs) return;
    landed.delete(exchange.id);
    launch(exchange, false).atNs = landedNs;
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
    if (!flight.isLooping) land(id, flight);
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
      const landedNs = landed.get(exchange.id);
      if (landedNs !== undefined) return goOn(exchange, landedNs);
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
        flight.lagMs += stepMs;
        fly(id, flight, stepMs, stretch);
      }
      if (isPaused) return isMoving;
      for (const bundle of bundles.values()) bundle.ageMs += stepMs;
      if (flights.size < capacity) bundles.clear();
      return isMoving;
    },
    forEachDot(callback) {
      for (const flight of flights.values()) {
        forEachDot(flight.schedule, drawnNsOf(flight), (leg, point) => callback(flight, leg, point));
      }
    },
    rebuild() {
      for (const flight of flights.values()) flight.schedule = buildSchedule(flight.schedule.exchange);
    },
    clear() {
      flights.clear();
      bundles.clear();
      joined.clear();
      landed.clear();
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
    get largest() {
      let most = 0;
      for (const { count } of flights.values()) most = Math.max(most, count);
      return most;
    },
  };
}

/** The packet time that the dot is drawn at. */
export function drawnNsOf({ atNs, lagNs, lagMs }: Flight): number {
  return lagNs === 0 || lagMs >= LAG_MS ? atNs : atNs - lagNs * (1 - lagMs / LAG_MS) ** 2;
}

/** Exchanges are told again when their verdict settles, seconds after they were shown. */
const isFresh = (exchange: Exchange): boolean => exchange.verdict !== 'lost-sight' && exchange.verdict !== 'ambiguous';

/** What two exchanges must have in common to share a dot. */
function wayOf(exchange: Exchange): string {
  const devices = exchange.request?.crossings.map((crossing) => crossing.device) ?? [];
  const drop = exchange.drop === null ? '' : `${exchange.drop.device} ${exchange.drop.reason}`;
  return `${exchange.src}>${exchange.dst}:${devices[0] ?? ''}:${drop}`;
}
