// `hopscope trace --json`: everything there is, one object a line.
import { createHopViewer, viewHop } from './hop-view.ts';
import { createJsonWriter } from './json.ts';
import type { View, ViewContext } from './view.ts';
import { isCrossingStage, isPacketStage } from './words.ts';

export function createJsonView(context: ViewContext, verbose: boolean): View {
  const { write, count, isDone, statistics } = context;
  const json = createJsonWriter(context);
  const viewOf = createHopViewer();
  const isPrinted = verbose ? isPacketStage : isCrossingStage;
  return {
    onHop(hop, exchange) {
      if (isDone() || !isPrinted(hop.stage)) return true;
      const view = viewOf(hop, exchange);
      if (view === null) return false;
      write(json.hop(hop, view, null));
      count();
      return true;
    },
    // The facts and the sentence follow in the exchange.
    isImpatient: true,
    onDrop(drop, exchange) {
      const view = viewHop(drop.hop, exchange);
      if (view === null || isDone()) return;
      write(json.hop(drop.hop, view, drop));
      count();
    },
    onJourney: (journey, exchange) => write(json.journey(journey, exchange)),
    onExchange: (exchange) => write(json.exchange(exchange)),
    onEnd() {
      for (const path of statistics.paths()) write(json.path(path));
    },
    onLedger(ledger) {
      // Nothing has happened yet: nothing to say.
      if (ledger.seen > 0 || ledger.final) write(json.ledger(ledger));
    },
  };
}
