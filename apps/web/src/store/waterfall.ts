// An exchange as a picture of time: a row for each device, the request's bars on the way down, the reply's on the way back up, all on one
// scale. Pure.
import { type Crossing, type Direction, type Exchange, type Journey, parentOf } from '@hopscope/model';
import type { DeviceId, NetnsId } from '@hopscope/protocol';
import { formatDuration } from '../lib/format.ts';
import { journeysOf } from './exchange-words.ts';
import { stageTimes } from './hop-words.ts';

export interface Waterfall {
  /** In the order in which the exchange first came to them. */
  readonly rows: readonly WaterfallRow[];
  readonly bars: readonly WaterfallBar[];
  readonly drops: readonly { readonly row: number; readonly atNs: number }[];
  /** Right end of the scale; at least 1. */
  readonly totalNs: number;
  /** Crossings beyond those that are drawn. */
  readonly more: number;
}

export interface WaterfallRow {
  readonly device: DeviceId;
  readonly netns: NetnsId;
  readonly ifname: string;
}

/** One crossing: its time at the device, and on to the next one. */
export interface WaterfallBar {
  readonly key: string;
  /** As in the table and on the map. */
  readonly number: number;
  readonly direction: Direction;
  readonly row: number;
  /** Row of the crossing that it comes from; null for the first. */
  readonly fromRow: number | null;
  readonly segments: readonly WaterfallSegment[];
}

export interface WaterfallSegment {
  /** `stage`: between two stages at this device. `onward`: until the next device was reached, or nothing more was seen. */
  readonly kind: 'stage' | 'onward';
  /** ns since the exchange began. */
  readonly fromNs: number;
  readonly toNs: number;
  readonly text: string;
}

/** A packet in a forwarding loop makes thousands. */
const MOST_BARS = 200;

export function buildWaterfall(exchange: Exchange): Waterfall {
  const rows: WaterfallRow[] = [];
  const rowAt = new Map<DeviceId, number>();
  const bars: WaterfallBar[] = [];
  const drops: Waterfall['drops'][number][] = [];
  let number = 0;

  function rowOf({ device, netns, ifname }: WaterfallRow): number {
    const known = rowAt.get(device);
    if (known !== undefined) return known;
    rowAt.set(device, rows.length);
    rows.push({ device, netns, ifname });
    return rows.length - 1;
  }

  for (const journey of journeysOf(exchange)) {
    const { crossings, direction } = journey;
    const parents = crossings.slice(0, MOST_BARS).map((_, i) => (i === 0 ? null : parentOf(crossings, i)));
    for (const [i, crossing] of crossings.entries()) {
      number++;
      if (bars.length >= MOST_BARS) continue;
      const parent = crossings[parents[i] ?? -1];
      const next = crossings.find((_, k) => parents[k] === i);
      bars.push({
        key: `${journey.id} ${i}`,
        number,
        direction,
        row: rowOf(crossing),
        fromRow: parent === undefined ? null : rowOf(parent),
        segments: segmentsOf(crossing, next, endOf(journey, i), exchange.startNs),
      });
    }
    const { drop } = journey;
    if (drop === null) continue;
    const last = crossings.findLast(({ device }) => device === drop.device) ?? crossings.at(-1);
    const row = last === undefined ? null : (rowAt.get(last.device) ?? null);
    if (row !== null) drops.push({ row, atNs: drop.t - exchange.startNs });
  }
  const ends = bars.flatMap(({ segments }) => segments.map(({ toNs }) => toNs));
  const totalNs = Math.max(1, ...ends, ...drops.map(({ atNs }) => atNs));
  return { rows, bars, drops, totalNs, more: number - bars.length };
}

/** The drop, for the hop that it comes after. */
function endOf({ crossings, drop }: Journey, i: number): number | null {
  return drop !== null && i === crossings.length - 1 ? drop.t : null;
}

function segmentsOf(
  crossing: Crossing,
  next: Crossing | undefined,
  endNs: number | null,
  originNs: number,
): WaterfallSegment[] {
  const stages = stageTimes(crossing);
  const segments = stages.slice(1).map(
    (stage, i): WaterfallSegment => ({
      kind: 'stage',
      fromNs: stage.hop.t - stage.sinceNs - originNs,
      toNs: stage.hop.t - originNs,
      text: `${stages[i]?.name} → ${stage.name}: ${formatDuration(stage.sinceNs)}`,
    }),
  );
  const last = stages[stages.length - 1];
  const fromNs = last?.hop.t ?? crossing.t;
  const toNs = Math.max(fromNs, next?.t ?? endNs ?? fromNs);
  const where = next === undefined ? (endNs === null ? 'last seen' : 'until it was dropped') : `until ${next.ifname}`;
  const took = toNs > fromNs ? `: ${formatDuration(toNs - fromNs)}` : '';
  const text = `${last?.name ?? crossing.ifname}, ${where}${took}`;
  return [...segments, { kind: 'onward', fromNs: fromNs - originNs, toNs: toNs - originNs, text }];
}

/** Marks of the scale: 0 and up to `most` more, at round numbers. */
export function axisTicks(totalNs: number, most: number): number[] {
  const rough = totalNs / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((each) => each * power >= rough) ?? 10) * power;
  const ticks: number[] = [];
  for (let ns = 0; ns <= totalNs; ns += step) ticks.push(ns);
  return ticks;
}
