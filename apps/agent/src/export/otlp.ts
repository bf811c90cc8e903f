import { createOtlpWriter } from '@hopscope/model';
import type { ExportFormat } from './format.ts';
import { playInto } from './play.ts';
import { titlesOf } from './titles.ts';

/** One document, as the OTLP file exporter and a POST to `/v1/traces` have it. */
export const otlp: ExportFormat = {
  ending: '.otlp.json',
  about: 'OpenTelemetry',
  async write(source, options, output) {
    const { hello } = source.header;
    const resource = createOtlpWriter({ hello, epochNs: BigInt(hello.clock.wallNs), resource: {} });
    let spans = 0;
    await output(resource.head);
    await playInto(source, options, output, {
      printed: 'nothing',
      views: ({ surroundings, emit }) => [
        {
          onExchange(exchange) {
            for (const span of resource.spans(exchange, titlesOf(surroundings)))
              emit(spans++ === 0 ? span : `,${span}`);
          },
        },
      ],
    });
    await output(resource.tail);
  },
};
