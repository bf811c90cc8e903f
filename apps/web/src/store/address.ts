// What the page shows, as the part of its address after `#`: it can be kept, sent and opened again.
//
//   #filter=ip.addr+%3D%3D+172.17.0.2&exchange=8812@1763847231123456&tab=paths&pace=20000&paused=1&view=1.2,340,200
//
// Whatever stands there was written by anybody: what does not fit is left out, and nothing in it is ever run.
import type { NetnsId } from '@hopscope/protocol';
import { nearestStretch } from '../lib/stretch.ts';
import type { TimeRange } from './shown.ts';
import type { PanelTab } from './store.ts';

/** One of its packets, and when it began: positions in a list change, and ids are the page's own. */
export interface ExchangeAddress {
  readonly packet: number;
  /** µs since the epoch. */
  readonly wallUs: number;
}

/** Magnification and the point of the map, in graph space, that is in the middle. */
export interface ViewAddress {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export interface PageAddress {
  readonly filter: string;
  readonly exchange: ExchangeAddress | null;
  /** The one that it is compared with. */
  readonly other: ExchangeAddress | null;
  readonly tab: PanelTab;
  /** Stretch factor; null: chosen by the page. */
  readonly pace: number | null;
  readonly isPaused: boolean;
  /** The moment that is looked back at, in ms since the epoch; null: now. */
  readonly atMs: number | null;
  /** Only exchanges that began in it are listed. */
  readonly range: TimeRange | null;
  /** Null: all of the map. */
  readonly view: ViewAddress | null;
  /** Namespaces that are folded on the map. */
  readonly folded: readonly NetnsId[];
}

export const PLAIN_ADDRESS: PageAddress = {
  filter: '',
  exchange: null,
  other: null,
  tab: 'exchanges',
  pace: null,
  isPaused: false,
  atMs: null,
  range: null,
  view: null,
  folded: [],
};

const LONGEST = 12_000;
const LONGEST_FILTER = 2000;
const SCALES = { least: 0.02, most: 10 } as const;
const FARTHEST = 1e6;

/** @param hash with or without `#` */
export function readAddress(hash: string): PageAddress {
  const text = hash.replace(/^#/, '');
  if (text.length > LONGEST) return PLAIN_ADDRESS;
  const fields = new URLSearchParams(text);
  const filter = fields.get('filter') ?? '';
  const pace = Number(fields.get('pace') ?? Number.NaN);
  const exchange = readExchange(fields.get('exchange') ?? '');
  return {
    filter: filter.length > LONGEST_FILTER ? '' : filter,
    exchange,
    other: exchange === null ? null : readExchange(fields.get('other') ?? ''),
    tab: fields.get('tab') === 'paths' ? 'paths' : 'exchanges',
    pace: pace >= 1 && pace <= 1e6 ? nearestStretch(pace) : null,
    isPaused: fields.get('paused') === '1',
    atMs: readTime(fields.get('at') ?? ''),
    range: readRange(fields.get('range') ?? ''),
    view: readView(fields.get('view') ?? ''),
    folded: readFolded(fields.get('fold') ?? ''),
  };
}

/** Empty for the plain state, else with `#`. */
export function writeAddress(address: PageAddress): string {
  const { filter, exchange, other, tab, pace, isPaused, atMs, range, view, folded } = address;
  const fields = new URLSearchParams();
  if (filter !== '') fields.set('filter', filter);
  if (exchange !== null) fields.set('exchange', writeExchange(exchange));
  if (exchange !== null && other !== null) fields.set('other', writeExchange(other));
  if (tab !== PLAIN_ADDRESS.tab) fields.set('tab', tab);
  if (pace !== null) fields.set('pace', String(pace));
  if (isPaused) fields.set('paused', '1');
  if (atMs !== null) fields.set('at', String(Math.round(atMs)));
  if (range !== null) fields.set('range', `${Math.round(range.fromMs)}-${Math.round(range.toMs)}`);
  if (view !== null) fields.set('view', [view.scale.toFixed(3), Math.round(view.x), Math.round(view.y)].join());
  if (folded.length > 0) fields.set('fold', folded.join());
  // These need no escape there, and without it the address can be read.
  const text = fields
    .toString()
    .replaceAll('%40', '@')
    .replaceAll('%2C', ',')
    .replaceAll('%3D', '=')
    .replaceAll('%22', '"');
  return text === '' ? '' : `#${text}`;
}

const writeExchange = ({ packet, wallUs }: ExchangeAddress): string => `${packet}@${wallUs}`;

function readExchange(text: string): ExchangeAddress | null {
  const [, packet, wallUs] = /^(\d{1,16})@(\d{1,16})$/.exec(text) ?? [];
  if (packet === undefined || wallUs === undefined) return null;
  const read = { packet: Number(packet), wallUs: Number(wallUs) };
  return Number.isSafeInteger(read.packet) && Number.isSafeInteger(read.wallUs) ? read : null;
}

/** Ids of namespaces, as `NetnsId` writes them. */
function readFolded(text: string): NetnsId[] {
  return /^[ci]\d{1,20}(,[ci]\d{1,20})*$/.test(text) ? (text.split(',') as NetnsId[]) : [];
}

const readTime = (text: string): number | null => (/^\d{1,15}$/.test(text) ? Number(text) : null);

function readRange(text: string): TimeRange | null {
  const [from = '', to = '', ...rest] = text.split('-');
  const [fromMs, toMs] = [readTime(from), readTime(to)];
  return fromMs === null || toMs === null || fromMs >= toMs || rest.length > 0 ? null : { fromMs, toMs };
}

function readView(text: string): ViewAddress | null {
  if (!/^[\d.]{1,8},-?\d{1,8},-?\d{1,8}$/.test(text)) return null;
  const [scale = Number.NaN, x = Number.NaN, y = Number.NaN] = text.split(',').map(Number);
  const isSane = scale >= SCALES.least && scale <= SCALES.most && Math.abs(x) <= FARTHEST && Math.abs(y) <= FARTHEST;
  return isSane ? { scale, x, y } : null;
}
