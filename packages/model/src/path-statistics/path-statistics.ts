// mtr's statistics for every path that exchanges take through the machine. Pure, and constant in memory however long it runs.
import type { Exchange } from '../exchange.ts';
import { addToBook, createBook, type PathEntry } from './path-book.ts';
import type { HopReport, PathReport } from './path-report.ts';
import { tripsOf } from './recent-trips.ts';
import { statisticsOf } from './time-statistics.ts';

export interface PathStatisticsOptions {
  /** Paths that are remembered; the one used longest ago is forgotten. Default 200. */
  readonly keepPaths?: number;
  /** Hops of all paths together; each holds at most two histograms of 5.6 kB. Default 2,000. */
  readonly keepHops?: number;
}

export interface PathStatistics {
  /**
   * Counts an exchange on its path. Give each once: when it is replied, or when its verdict is final. One that is still in flight, ambiguous
   * or incomplete is counted apart, as `unclear`.
   */
  add(exchange: Exchange): void;
  /** In order of first sight. */
  paths(): PathReport[];
  /** Paths that were forgotten, with everything they had counted. */
  readonly forgotten: number;
}

export function createPathStatistics(options: PathStatisticsOptions = {}): PathStatistics {
  const book = createBook({ paths: options.keepPaths ?? 200, hops: options.keepHops ?? 2000 });
  return {
    add: (exchange) => addToBook(book, exchange),
    paths: () => [...book.paths.values()].sort((a, b) => a.id - b.id).map(reportOf),
    get forgotten() {
      return book.forgotten;
    },
  };
}

function reportOf(path: PathEntry): PathReport {
  const { id, ends, sent, unclear, lastNs } = path;
  return {
    id,
    ...ends,
    sent,
    verdicts: { ...path.verdicts },
    unclear,
    hops: path.hops.map((hop): HopReport => {
      const { direction, device, netns, netnsInum, ifindex, ifname, way } = hop;
      const seen = hop.sinceStart.count;
      return {
        direction,
        device,
        netns,
        netnsInum,
        ifindex,
        ifname,
        way,
        sent,
        seen,
        loss: sent === 0 ? 0 : (sent - seen) / sent,
        sinceStart: statisticsOf(hop.sinceStart),
        roundTrip: statisticsOf(hop.roundTrip),
      };
    }),
    drops: path.drops.map((drop) => ({ ...drop })).sort((a, b) => b.count - a.count),
    recent: tripsOf(path.recent),
    lastNs,
  };
}
