// What frames say, put together: the topology and the traffic on it. The same code for what comes now and for what is played again, so
// that both show the same.
import { applyChanges, createAddressBook, createAssembler, type Exchange, type HistoryStart } from '@hopscope/model';
import type { Hello, ServerFrame, Topology } from '@hopscope/protocol';
import { createTraffic, type Traffic } from './traffic.ts';

export interface World {
  readonly hello: Hello | null;
  readonly topology: Topology;
  readonly topologyVersion: number;
  readonly traffic: Traffic;
  /**
   * @param nowMs on a clock that `traffic.tick` knows too
   * @returns whether another capture began
   * @throws BatchError when the bytes are no whole batch
   */
  take(frame: ServerFrame | Uint8Array, nowMs: number): boolean;
}

const EMPTY_TOPOLOGY: Topology = { namespaces: [] };

/**
 * @param onExchange called for every exchange that changed, once per batch
 * @param ratesKeptMs how far back its rates reach; default: as far as a live page
 */
export function createWorld(onExchange: (exchange: Exchange) => void, ratesKeptMs?: number): World {
  let hello: Hello | null = null;
  let topology = EMPTY_TOPOLOGY;
  let topologyVersion = 0;
  const ownsAddress = createAddressBook(() => topology);
  const traffic = createTraffic({
    createAssembler: (options) => createAssembler({ ...options, ownsAddress }),
    onExchange,
    ratesKeptMs,
  });
  return {
    get hello() {
      return hello;
    },
    get topology() {
      return topology;
    },
    get topologyVersion() {
      return topologyVersion;
    },
    traffic,
    take(frame, nowMs) {
      if (frame instanceof Uint8Array) {
        traffic.take(frame, nowMs);
        return false;
      }
      switch (frame.type) {
        case 'hello':
          hello = frame;
          // Of the same capture: the connection was lost in between.
          traffic.account.onDisconnected();
          return traffic.begin(frame);
        case 'topology':
          ({ topology, version: topologyVersion } = frame);
          break;
        case 'topology-patch':
          topology = applyChanges(topology, frame.changes);
          topologyVersion = frame.version;
          break;
        case 'locations':
          traffic.addLocations(frame.names);
          break;
        case 'ledger':
          traffic.takeLedger(frame);
          break;
        case 'evidence':
          traffic.addEvidence(frame);
          break;
        case 'notice':
          break;
      }
      return false;
    },
  };
}

/** What a history begins with. */
export function startWorld(world: World, start: HistoryStart): void {
  const nowMs = start.t / 1e6;
  world.take(start.hello, nowMs);
  if (start.topology !== null) world.take(start.topology, nowMs);
  world.take({ type: 'locations', names: start.locations }, nowMs);
  if (start.ledger !== null) world.take(start.ledger, nowMs);
  if (start.isCut) world.traffic.noteCut(start.t);
}
