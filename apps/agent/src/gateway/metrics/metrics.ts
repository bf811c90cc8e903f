// Counts for Prometheus, made in this process and only when asked for: docs/adr/0013-metrics-in-the-gateway.md.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { applyChanges } from '@hopscope/model';
import type { DeviceCounts, Hello, Ledger, ServerFrame, TimeNs, Topology } from '@hopscope/protocol';
import { createExchangeReader } from '../../lib/exchange-reader.ts';
import { answer } from '../http.ts';
import { createExchangeCounts } from './exchange-counts.ts';
import { CONTENT_TYPE, expositionText } from './exposition.ts';
import { interfaceFamilies } from './interface-counts.ts';
import { buildFamily, ledgerFamilies } from './ledger-families.ts';

const METRICS_PATH = '/metrics';
/** A hop may be this late: it waits in the ring until it is drained. */
const HOPS_ARE_LATE_NS = 100_000_000n;

export interface Metrics {
  onControl(frame: ServerFrame): void;
  onHops(batch: Uint8Array): void;
  /** Time goes on though no packet comes. @param monotonicNs CLOCK_MONOTONIC */
  advance(monotonicNs: bigint): void;
  /** GET /metrics. Answers whether the request was that. */
  answer(request: IncomingMessage, response: ServerResponse): boolean;
}

export function createMetrics(): Metrics {
  let hello: Hello | null = null;
  let topology: Topology = { namespaces: [] };
  let ledger: Ledger | null = null;
  let devices: DeviceCounts | null = null;
  let hasNewHops = false;
  const topologyOf = () => topology;
  const exchanges = createExchangeCounts(topologyOf);
  const reader = createExchangeReader({
    begin: 'start',
    timeoutMs: null,
    topologyOf,
    news: { isReady: () => true, onExchange: exchanges.add },
  });

  return {
    onControl(frame) {
      if (frame.type === 'hello') hello = frame;
      if (frame.type === 'topology') topology = frame.topology;
      if (frame.type === 'topology-patch') topology = applyChanges(topology, frame.changes);
      if (frame.type === 'ledger') ledger = frame;
      if (frame.type === 'device-counts') devices = frame;
      reader.onControl(frame);
    },
    onHops(batch) {
      hasNewHops = true;
      reader.onHops(batch);
    },
    advance(monotonicNs) {
      const { originNs, lastHopNs } = reader;
      if (originNs === null) return;
      const now = Number(monotonicNs - originNs - HOPS_ARE_LATE_NS);
      // While hops flow they are the clock: the stream may lag behind the wall.
      reader.advance(hasNewHops ? lastHopNs : (Math.max(now, lastHopNs) as TimeNs));
      hasNewHops = false;
    },
    answer(request, response) {
      if (request.url?.split('?')[0] !== METRICS_PATH) return false;
      if (hello === null) {
        answer(response, 503, 'nothing has been seen yet');
        return true;
      }
      response.setHeader('Content-Type', CONTENT_TYPE);
      response.setHeader('Cache-Control', 'no-store');
      response.end(
        expositionText([
          buildFamily(hello),
          ...interfaceFamilies(devices, topology),
          ...exchanges.families(),
          ...ledgerFamilies(ledger),
        ]),
      );
      return true;
    },
  };
}
