// Everything that can be shared, once, for the Share menu and the menu of commands. What makes it comes in a file of its own.
import type { Depicted, PictureForm } from '../share/share.ts';
import type { TextFormat } from '../share/texts.ts';
import type { Page } from './page.ts';
import { askForIncident } from './recording/incident-opener.tsx';
import { say } from './toast.tsx';

export interface ShareGroup {
  readonly name: string;
  /** It needs an exchange that is selected. */
  readonly isOfSelection: boolean;
  readonly entries: readonly ShareEntry[];
}

export interface ShareEntry {
  /** Within its group. */
  readonly name: string;
  /** Alone. */
  readonly does: string;
  run(page: Page): void;
}

const loadShare = () => import('../share/share.ts');

/** Fetches what makes pictures and files before somebody asks for one. */
export const fetchShare = (): Promise<void> =>
  loadShare().then(
    () => undefined,
    () => undefined,
  );

function attempt(make: (share: Awaited<ReturnType<typeof loadShare>>) => Promise<string> | string): void {
  loadShare()
    .then(make)
    .then(say, (error: unknown) => say(`Not made: ${error instanceof Error ? error.message : String(error)}`));
}

const FORMS: readonly (readonly [PictureForm, string])[] = [
  [1, 'PNG 1×'],
  [2, 'PNG 2×'],
  [4, 'PNG 4×'],
  ['svg', 'SVG'],
  ['copy', 'copy'],
];

function pictures(of: Depicted, name: string): ShareGroup {
  const entries = FORMS.map(
    ([form, text]): ShareEntry => ({
      name: text,
      does: form === 'copy' ? `copy a picture of ${name}` : `save ${name} as ${text}`,
      run: (page) => attempt(({ sharePicture }) => sharePicture(page, of, form)),
    }),
  );
  return { name: `Picture of ${name}`, isOfSelection: of === 'waterfall', entries };
}

function texts(
  which: 'selected' | 'listed',
  name: string,
  formats: readonly (readonly [TextFormat, string])[],
): ShareGroup {
  const entries = formats.map(
    ([format, text]): ShareEntry => ({
      name: text,
      does: `save ${name} as ${text}`,
      run: (page) => attempt(({ shareText }) => shareText(page, which, format)),
    }),
  );
  return { name: `File of ${name}`, isOfSelection: which === 'selected', entries };
}

const EXCHANGE_FORMATS: readonly (readonly [TextFormat, string])[] = [
  ['md', 'Markdown'],
  ['jsonl', 'JSON lines'],
  ['pcapng', 'pcapng'],
  ['otlp.json', 'OTLP'],
];

const PAGE: ShareGroup = {
  name: 'One page with all of it',
  isOfSelection: false,
  entries: [{ name: 'HTML…', does: 'share all of it as one HTML page…', run: askForIncident }],
};

export const SHARE_GROUPS: readonly ShareGroup[] = [
  PAGE,
  pictures('screen', 'the map on the screen'),
  pictures('whole', 'the whole map'),
  pictures('waterfall', 'the waterfall'),
  texts('selected', 'the selected exchange', EXCHANGE_FORMATS),
  texts('listed', 'all that is listed', [...EXCHANGE_FORMATS, ['csv', 'CSV of paths']]),
  texts('listed', 'the topology', [
    ['mmd', 'Mermaid'],
    ['dot', 'DOT'],
  ]),
];
