import { createPcapngWriter, type Exchange } from '@hopscope/model';
import type { ExportFormat } from './format.ts';
import { playInto } from './play.ts';
import { titlesOf } from './titles.ts';

/** For Wireshark, tshark and tcpdump. */
export const pcapng: ExportFormat = {
  ending: '.pcapng',
  about: 'for Wireshark',
  async write(source, options, output) {
    const { hello } = source.header;
    const file = createPcapngWriter({
      epochNs: BigInt(hello.clock.wallNs),
      each: options.packets === 'hop' ? 'hops' : 'journeys',
      application: `Hopscope ${hello.agent.version}`,
      system: `Linux ${hello.host.kernel}`,
    });
    await output(file.head);
    await playInto(source, options, output, {
      printed: 'nothing',
      views: ({ surroundings, emit }) => {
        const titleOf = titlesOf(surroundings);
        const sentenceOf = (exchange: Exchange) => surroundings.explain(exchange).sentence;
        return [
          {
            onExchange(exchange) {
              const { topology } = surroundings;
              for (const block of file.add(exchange, { titleOf, sentenceOf, topology })) emit(block);
            },
          },
        ];
      },
    });
    for (const block of file.finish()) await output(block);
  },
};
