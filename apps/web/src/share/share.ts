// What the Share menu does: a picture or a file of what the page shows, made from what it holds, with nobody else's help.
import type { Exchange } from '@hopscope/model';
import { formatCount, plural } from '../lib/format.ts';
import type { Depiction } from '../render/depiction.ts';
import type { Scene } from '../render/scene-api.ts';
import { createTextFitter } from '../render/text-fit.ts';
import type { TrafficView } from '../store/shown.ts';
import type { PageState, Store } from '../store/store.ts';
import { type CoverTimes, coverOf } from './cover.ts';
import { download, fileName } from './download.ts';
import { readInks } from './inks.ts';
import type { LegendFacts } from './legend-picture.ts';
import { mapPicture } from './map-picture.ts';
import { pngOf } from './png.ts';
import { drawSheet, type Sheet } from './sheet.ts';
import { type TextFormat, writeText } from './texts.ts';
import { waterfallPicture } from './waterfall-picture.ts';

export interface ShareSource {
  readonly store: Store;
  readonly traffic: TrafficView;
  readonly scene: Pick<Scene, 'depict' | 'inFlight'>;
}

export type Depicted = 'screen' | 'whole' | 'waterfall';
export type PictureForm = 1 | 2 | 4 | 'svg' | 'copy';

const MIME: Readonly<Record<TextFormat, string>> = {
  md: 'text/markdown',
  jsonl: 'application/x-ndjson',
  csv: 'text/csv',
  pcapng: 'application/x-pcapng',
  'otlp.json': 'application/json',
  mmd: 'text/plain',
  dot: 'text/vnd.graphviz',
};
/** For pasting where nobody knows how large it will be shown. */
const COPY_SCALE = 2;

/** @param form a number: PNG, so many pixels for one on the screen @returns what was done @throws Error in words */
export async function sharePicture(source: ShareSource, of: Depicted, form: PictureForm): Promise<string> {
  const sheet = drawPicture(source, of);
  if (form === 'copy') {
    await copyPicture(pngOf(sheet, COPY_SCALE));
    return `Copied: ${sheet.width * COPY_SCALE} × ${sheet.height * COPY_SCALE} pixels`;
  }
  const name = nameOf(source, of === 'waterfall' ? 'waterfall' : 'map', form === 'svg' ? '.svg' : `@${form}x.png`);
  const isSvg = form === 'svg';
  download(name, isSvg ? new Blob([sheet.svg], { type: 'image/svg+xml' }) : await pngOf(sheet, form));
  return `Saved ${name}`;
}

/** @returns what was done @throws Error in words */
export function shareText(source: ShareSource, which: 'selected' | 'listed', format: TextFormat): string {
  const state = source.store.getState();
  const exchanges = which === 'selected' ? [state.selected].filter((each) => each !== null) : listed(source);
  const isTopology = format === 'mmd' || format === 'dot';
  if (exchanges.length === 0 && !isTopology) throw new Error('no exchange is listed');
  const { factsAbout } = source.traffic.evidence;
  const content = writeText(format, { state, exchanges, isSelection: which === 'selected', factsAbout });
  const what = isTopology ? 'topology' : which === 'selected' ? 'exchange' : format === 'csv' ? 'paths' : 'exchanges';
  const name = nameOf(source, what, `.${format}`);
  download(name, new Blob(content, { type: MIME[format] }));
  return isTopology || which === 'selected'
    ? `Saved ${name}`
    : `Saved ${plural(exchanges.length, 'exchange')}: ${name}`;
}

function drawPicture({ store, traffic, scene }: ShareSource, of: Depicted): Sheet {
  const state = store.getState();
  const fitter = createTextFitter();
  const inks = readInks(document.documentElement);
  const isWaterfall = of === 'waterfall';
  const draw = (depiction: Depiction) => mapPicture(depiction, of === 'screen', inks, fitter);
  const body = !isWaterfall
    ? scene.depict(of, draw)
    : state.selected === null
      ? null
      : waterfallPicture(state.selected, state.names, inks, fitter);
  if (body === null) throw new Error(isWaterfall ? 'the selected exchange has no hops' : 'there is no map yet');
  const cover = coverOf(state, timesOf(state, traffic), isWaterfall);
  return drawSheet(body, cover, legendOf(state, scene, !isWaterfall), inks, fitter);
}

function legendOf({ hasData, selected }: PageState, { inFlight }: ShareSource['scene'], isMap: boolean): LegendFacts {
  const { dots, packets } = inFlight;
  const isBundled = isMap && packets !== dots;
  return {
    hasData,
    hasWires: isMap,
    remarks: [
      ...(isBundled ? [`${formatCount(packets)} packets in ${formatCount(dots)} dots`] : []),
      ...(selected?.verdict === 'ambiguous' ? ['broken line: ambiguous, more than one packet fits'] : []),
      ...(selected?.incomplete === true ? ['broken line: incomplete, hops were missed'] : []),
    ],
  };
}

function timesOf({ list }: PageState, { wallMs, exchange }: TrafficView): CoverTimes {
  const startOf = (id: number | undefined): number | null => {
    const found = id === undefined ? undefined : exchange(id);
    return found === undefined ? null : wallMs(found.startNs);
  };
  const [fromMs, toMs] = [startOf(list.ids[0]), startOf(list.ids.at(-1))];
  return { wallMs, listed: fromMs === null || toMs === null ? null : { fromMs, toMs } };
}

function listed({ store, traffic }: ShareSource): Exchange[] {
  return store.getState().list.ids.flatMap((id) => traffic.exchange(id) ?? []);
}

/** Called after the host and the time of what is in it. */
function nameOf({ store, traffic }: ShareSource, what: string, ending: string): string {
  const state = store.getState();
  const { selected, hello } = state;
  const { listed: span } = timesOf(state, traffic);
  const atMs = selected !== null ? traffic.wallMs(selected.startNs) : (span?.toMs ?? Date.now());
  return fileName([hello?.host.name ?? '', what], atMs, ending);
}

async function copyPicture(png: Promise<Blob>): Promise<void> {
  if (navigator.clipboard?.write === undefined || typeof ClipboardItem === 'undefined') {
    throw new Error('the browser gives this page no clipboard: open it on localhost');
  }
  // As a promise: the browser must be asked while the click still counts.
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': png })]);
}
