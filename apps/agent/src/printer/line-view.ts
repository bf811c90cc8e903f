// The plain output of `hopscope trace`: a line for each device crossing, with -v for each stage.
import type { Exchange } from '@hopscope/model';
import type { Hop } from '@hopscope/protocol';
import { createHopViewer, findJourney, viewHop } from './hop-view.ts';
import { createLineWriter } from './line.ts';
import type { View, ViewContext } from './view.ts';
import { isCrossingStage, isPacketStage } from './words.ts';

export function createLineView({ surroundings, colors, write, count, isDone }: ViewContext, verbose: boolean): View {
  const lines = createLineWriter(colors);

  function print(line: string): void {
    write(line);
    count();
  }

  function sinceStart(hop: Hop, exchange: Exchange | undefined): number | null {
    const journey = exchange === undefined ? null : findJourney(exchange, hop);
    return journey === null ? null : hop.t - journey.startNs;
  }

  const viewOf = createHopViewer();
  const isPrinted = verbose ? isPacketStage : isCrossingStage;
  return {
    onHop(hop, exchange) {
      if (isDone() || !isPrinted(hop.stage)) return true;
      const view = viewOf(hop, exchange);
      if (view === null) return false;
      print(verbose ? lines.stage(hop, view, sinceStart(hop, exchange())) : lines.hop(hop, view));
      return true;
    },
    onDrop(drop, exchange) {
      const view = viewHop(drop.hop, exchange);
      if (view === null || isDone()) return;
      print(lines.drop(drop, view, drop === exchange.drop ? surroundings.explain(exchange).sentence : ''));
    },
  };
}
