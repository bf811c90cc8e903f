import type { ExportFormat } from './format.ts';
import { playInto } from './play.ts';

/** The lines of `trace --json`: docs/json.md describes them. */
export const jsonLines: ExportFormat = {
  ending: '.jsonl',
  about: 'JSON lines',
  write: (source, options, output) => playInto(source, options, output, { printed: 'json', views: () => [] }),
};
