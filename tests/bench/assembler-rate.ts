// How fast hops become exchanges, beside putting them into a Map by packet id, which is the least that any reader does.
import { createAssembler } from '@hopscope/model';
import { readBatch } from '@hopscope/protocol';
import { makeBatches } from './made-hops.ts';
import { median, type Row } from './report.ts';

const ROUNDS = 5;
const PACKETS = 20_000;

/** What a Map takes is read and kept, and nothing is made of it; that and the parsing, joining and pairing should not be ten times as much. */
const LEAST_OF_MAP = 0.1;

export async function measureAssemblerRate(): Promise<Row[]> {
  const runs = (['echo', 'udp', 'udp-one-key'] as const).map((traffic) => {
    return { traffic, batches: makeBatches(traffic, PACKETS), ours: [] as number[], naive: [] as number[] };
  });
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { batches, ours, naive } of runs) {
      const [a, b] = [timeAssembler(batches), timeGrouping(batches)];
      if (round === 0) continue; // the compiler's warm-up
      ours.push(a);
      naive.push(b);
    }
  }
  const echo = median(runs[0]?.ours ?? []);
  return runs.map(({ traffic, ours, naive }) => {
    const [value, peerValue] = [median(ours), median(naive)];
    const isEcho = traffic === 'echo';
    return {
      id: 'A1',
      what: `hops to exchanges, ${traffic}`,
      value,
      unit: 'M hops/s',
      peer: 'a Map by packet id',
      peerValue,
      larger: true,
      bar: isEcho ? `>= ${LEAST_OF_MAP} of the Map` : '>= 0.9 of echo',
      met: isEcho ? value >= peerValue * LEAST_OF_MAP : value >= echo * 0.9,
    };
  });
}

/** Millions of hops a second. */
function timeAssembler(batches: readonly Uint8Array[]): number {
  const assembler = createAssembler({ dropReasons: {} });
  return timeHops(batches, (hop) => assembler.add(hop));
}

function timeGrouping(batches: readonly Uint8Array[]): number {
  const packets = new Map<number, unknown[]>();
  return timeHops(batches, (hop) => {
    const hops = packets.get(hop.packet);
    if (hops === undefined) packets.set(hop.packet, [hop]);
    else hops.push(hop);
  });
}

function timeHops(
  batches: readonly Uint8Array[],
  take: (hop: ReturnType<ReturnType<typeof readBatch>['hop']>) => void,
): number {
  let hops = 0;
  const start = performance.now();
  for (const bytes of batches) {
    const batch = readBatch(bytes, 0n);
    for (let i = 0; i < batch.count; i++) take(batch.hop(i));
    hops += batch.count;
  }
  return hops / ((performance.now() - start) * 1000);
}
