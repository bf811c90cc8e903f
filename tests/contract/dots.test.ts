// Every dot is on the real path of its packet: in the box of a device that the packet passes, or on the wire between two of them. The recordings
// are played record by record, as slowly as a page can be told, so that each packet's way becomes known while its dot is under way.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  BATCH_HEADER_BYTES,
  openRecording,
  RECORD_BYTES,
  type Recording,
  readBatch,
  writeBatchHeader,
} from '@hopscope/protocol';
import { expect, test } from 'vitest';
import { buildGraph } from '../../apps/web/src/graph/build.ts';
import type { Graph } from '../../apps/web/src/graph/graph.ts';
import { createRouter } from '../../apps/web/src/graph/route.ts';
import { layOut } from '../../apps/web/src/layout/layout.ts';
import type { Memory, Placement } from '../../apps/web/src/layout/placement.ts';
import { createFlights } from '../../apps/web/src/render/flights.ts';
import { distanceFromWay } from '../../apps/web/src/render/sample-way.ts';
import { buildSchedule, noSchedule } from '../../apps/web/src/render/schedule.ts';
import { wornAt } from '../../apps/web/src/render/worn.ts';
import { createWorld } from '../../apps/web/src/store/world.ts';

const FOLDER = join(import.meta.dirname, '../../recordings');
const STRETCH = 20_000;
/** Of page time between two records: a dot moves some pixels, and more of its way becomes known. */
const STEP_MS = 8;
const NEWS_MS = 300;

function open(name: string): Promise<Recording> {
  const bytes = readFileSync(join(FOLDER, name));
  const source = {
    bytes: bytes.length,
    read: async (from: number, count: number) => bytes.subarray(from, from + count),
  };
  return openRecording(source, (packed) => gunzipSync(packed));
}

function* recordByRecord(bytes: Uint8Array): Iterable<Uint8Array> {
  const { count, firstHop, kernelMissed, missedSinceNs } = readBatch(bytes, 0n);
  const from = bytes.byteLength - count * RECORD_BYTES;
  for (let i = 0; i < count; i++) {
    const part = new Uint8Array(BATCH_HEADER_BYTES + RECORD_BYTES);
    part.set(bytes.subarray(from + i * RECORD_BYTES, from + (i + 1) * RECORD_BYTES), BATCH_HEADER_BYTES);
    writeBatchHeader(part, 1, firstHop + i, { skipped: 0, kernelMissed, missedSinceNs });
    yield part;
  }
}

interface Watched {
  readonly sights: number;
  readonly farthest: number;
  readonly where: string;
  /** What labels said of addresses, one after the other, without repetition. */
  readonly labels: readonly string[];
}

async function watchDots(name: string): Promise<Watched> {
  const recording = await open(name);
  let map: { graph: Graph; placement: Placement; memory: Memory; router: ReturnType<typeof createRouter> } | null =
    null;
  const flights = createFlights({
    buildSchedule: (exchange) =>
      map === null ? noSchedule(exchange) : buildSchedule(exchange, map.graph, map.placement, map.router, STRETCH),
    onDrop: () => {},
  });
  const world = createWorld((exchange) => flights.show(exchange));
  let sights = 0;
  let farthest = 0;
  let where = '';
  const labels: string[] = [];
  function look(): void {
    flights.advance(STEP_MS, STRETCH);
    flights.forEachDot((flight, leg, point) => {
      if (map === null) return;
      sights++;
      const worn = wornAt(flight.schedule, leg, flight.atNs, (NEWS_MS * 1e6) / STRETCH);
      const label = worn === null ? '' : `${leg.direction} ${worn.change ?? worn.text}`;
      if (flight.schedule.exchange.icmpSeq === 1 && label !== '' && labels.at(-1) !== label) labels.push(label);
      const distance = distanceFromWay(map.graph, map.placement, leg.nodes, point);
      if (distance <= farthest) return;
      farthest = distance;
      where = `exchange ${flight.schedule.exchange.id}, ${leg.direction} at ${leg.nodes.join(' ')}`;
    });
  }
  let topology = world.topology;
  const { hello } = recording.header;
  world.take(hello, 0);
  for (const [i, block] of recording.blocks.entries()) {
    const entries = await recording.read(block);
    for (const { t, frame } of i === 0 ? entries : entries.slice(block.keyframes)) {
      const parts = frame instanceof Uint8Array ? recordByRecord(frame) : [frame];
      for (const part of parts) {
        world.take(part, t / 1e6);
        if (world.topology !== topology) {
          topology = world.topology;
          const graph = buildGraph(topology);
          const layout = layOut(graph, map === null ? null : (map as { memory: Memory }).memory);
          if (layout !== null) map = { graph, ...layout, router: createRouter(graph) };
          flights.rebuild();
        }
        look();
      }
    }
  }
  for (let ms = 0; ms < 8000 && flights.size > 0; ms += STEP_MS) look();
  return { sights, farthest, where, labels };
}

for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.hops'))) {
  test(`${name}: every dot is on its packet's way, also while that becomes known`, { timeout: 30_000 }, async () => {
    const { sights, farthest, where } = await watchDots(name);
    expect(sights).toBeGreaterThan(100);
    expect(farthest, where).toBeLessThan(1);
  });
}

test('the label of a packet says what NAT changes, where it does: on the way out and on the way back', async () => {
  const { labels } = await watchDots('nat.hops');
  expect(labels).toEqual([
    'request 172.17.0.2 → 198.51.100.9',
    'request 172.17.0.2 ⇒ 192.0.2.2',
    'request 192.0.2.2 → 198.51.100.9',
    'reply 198.51.100.9 → 192.0.2.2',
    'reply 192.0.2.2 ⇒ 172.17.0.2',
    'reply 198.51.100.9 → 172.17.0.2',
  ]);
});
