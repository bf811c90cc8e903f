// What became of exchanges: verdicts, round-trip times, drops. In series whose number is bounded.
import type { Exchange, Journey } from '@hopscope/model';
import type { Hop, Topology } from '@hopscope/protocol';
import { journeysOf } from '../../lib/open-exchanges.ts';
import { type BoundedSeries, createBoundedSeries } from './bounded-series.ts';
import type { Family, Labels, Sample } from './exposition.ts';

/** Of drops, and of round trips, each of which has 15 lines. */
const DROP_SERIES = 1000;
const TRIP_SERIES = 200;
/** Seconds: a bridge answers within tens of µs, a container within a ms, another continent within 300 ms. */
const BOUNDS = [
  0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 2.5,
] as const;

type Place = Pick<Hop, 'netns' | 'netnsInum' | 'ifname'>;

interface Count {
  value: number;
}

interface Trips {
  readonly buckets: number[];
  sum: number;
  count: number;
}

export interface ExchangeCounts {
  /** Give each once, when it is over. */
  add(exchange: Exchange): void;
  families(): Family[];
}

export function createExchangeCounts(topologyOf: () => Topology): ExchangeCounts {
  // Protocols and verdicts are few.
  const verdicts = createBoundedSeries<Count>(1000, () => ({ value: 0 }));
  const incomplete = createBoundedSeries<Count>(1000, () => ({ value: 0 }));
  const drops = createBoundedSeries<Count>(DROP_SERIES, () => ({ value: 0 }));
  const trips = createBoundedSeries<Trips>(TRIP_SERIES, () => ({ buckets: BOUNDS.map(() => 0), sum: 0, count: 0 }));

  function placeOf({ netns, netnsInum, ifname }: Place): Labels {
    const namespace = topologyOf().namespaces.find(({ id }) => id === netns);
    return {
      netns: netnsInum === 0 ? '' : String(netnsInum),
      namespace: namespace?.names[0]?.text ?? '',
      interface: ifname,
    };
  }

  function countDrop({ drop, verdict }: Journey, protocol: string): void {
    if (drop === null || verdict !== 'dropped') return;
    drops.of({ reason: drop.reason, protocol, ...placeOf(drop.hop) }).value++;
  }

  return {
    add(exchange) {
      const { protocol, verdict, request, rttNs } = exchange;
      verdicts.of({ protocol, verdict }).value++;
      if (exchange.incomplete) incomplete.of({ protocol }).value++;
      for (const journey of journeysOf(exchange)) countDrop(journey, protocol);
      const first = request?.crossings[0];
      if (rttNs === null || first === undefined) return;
      const series = trips.of({ protocol, ...placeOf(first) });
      const seconds = rttNs / 1e9;
      const bucket = BOUNDS.findIndex((bound) => seconds <= bound);
      if (bucket >= 0) series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
      series.sum += seconds;
      series.count++;
    },
    families: () => [
      {
        name: 'hopscope_exchanges_total',
        help: 'Exchanges that are over, by what became of them. A ping is one; of UDP and TCP each packet is.',
        type: 'counter',
        samples: samplesOf(verdicts),
      },
      {
        name: 'hopscope_incomplete_exchanges_total',
        help: 'Of these, those whose path overlaps a loss of records and may have holes.',
        type: 'counter',
        samples: samplesOf(incomplete),
      },
      {
        name: 'hopscope_drops_total',
        help: "Packets that the kernel dropped, by its reason and where; of those that are followed. Names are the kernel's.",
        type: 'counter',
        samples: samplesOf(drops),
      },
      {
        name: 'hopscope_round_trip_seconds',
        help: 'From the first device that a request crossed until its reply was back there, by that device.',
        type: 'histogram',
        bounds: BOUNDS,
        samples: [...trips.entries()].map(({ labels, value }) => ({ labels, ...value })),
      },
      {
        name: 'hopscope_forgotten_series_total',
        help: `Series that were given up because there were more than ${DROP_SERIES} of drops or ${TRIP_SERIES} of round trips: those used longest ago.`,
        type: 'counter',
        samples: [
          { labels: { family: 'hopscope_drops_total' }, value: drops.forgotten },
          { labels: { family: 'hopscope_round_trip_seconds' }, value: trips.forgotten },
        ],
      },
    ],
  };
}

const samplesOf = (series: BoundedSeries<Count>): Sample[] =>
  [...series.entries()].map(({ labels, value: { value } }) => ({ labels, value }));
