import { createIncidentSummary } from '@hopscope/model';
import type { Ledger } from '@hopscope/protocol';
import type { View } from '../printer/view.ts';
import type { ExportFormat } from './format.ts';
import { type ExportContext, playInto } from './play.ts';
import { titlesOf } from './titles.ts';

/** For a ticket. */
export const summary: ExportFormat = {
  ending: '.md',
  about: 'for a ticket',
  async write(source, options, output) {
    const { hello, filter, notes } = source.header;
    const { displayFilter } = options;
    const incident = createIncidentSummary({
      hello,
      epochNs: BigInt(hello.clock.wallNs),
      filter,
      notes,
      displayFilter,
    });
    let context: ExportContext | null = null;
    let ledger: Ledger | null = null;
    const view = (of: ExportContext): View => {
      context = of;
      const titleOf = titlesOf(of.surroundings);
      const { explain } = of.surroundings;
      return {
        onExchange: (exchange) => incident.add(exchange, { titleOf, explain }),
        onLedger: (last) => {
          ledger = last;
        },
      };
    };
    await playInto(source, options, output, { printed: 'nothing', views: (of) => [view(of)] });
    if (context === null) return;
    const { statistics, surroundings } = context as ExportContext;
    await output(
      incident.text({
        titleOf: titlesOf(surroundings),
        paths: statistics.paths(),
        forgotten: statistics.forgotten,
        ledger,
        damage: source.damage,
      }),
    );
  },
};
