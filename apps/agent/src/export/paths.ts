import { pathsToCsv } from '@hopscope/model';
import type { ExportFormat } from './format.ts';
import { playInto } from './play.ts';
import { titlesOf } from './titles.ts';

export const paths: ExportFormat = {
  ending: '.csv',
  about: 'of paths',
  write: (source, options, output) =>
    playInto(source, options, output, {
      printed: 'nothing',
      views: ({ statistics, surroundings, emit }) => [
        { onEnd: () => emit(pathsToCsv(statistics.paths(), { titleOf: titlesOf(surroundings) })) },
      ],
    }),
};
