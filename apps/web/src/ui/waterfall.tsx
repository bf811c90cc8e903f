import type { Exchange } from '@hopscope/model';
import { useMemo } from 'react';
import { formatDuration } from '../lib/format.ts';
import { stepAt } from '../store/steps.ts';
import { axisTicks, buildWaterfall, type Waterfall as Picture, type WaterfallBar } from '../store/waterfall.ts';
import { usePageState } from './page.ts';

const ROW = 18;
const AXIS = 18;
const TICKS = 4;
const MIN_PART = 0.5;

/** Request out and reply back in one picture: a row for each device, time from left to right, true to scale. */
export function Waterfall({ exchange }: { exchange: Exchange }) {
  const names = usePageState((state) => state.names);
  const step = stepAt(
    exchange,
    usePageState((state) => state.step),
  );
  const picture = useMemo(() => buildWaterfall(exchange), [exchange]);
  const { rows, bars, drops, totalNs, more } = picture;
  if (bars.length === 0) return null;
  const height = AXIS + rows.length * ROW;
  return (
    <figure className="flow" aria-label="Time at each device">
      <ol className="flow-names">
        {rows.map(({ device, ifname, netns }) => (
          <li key={device} data-device={device} title={`${ifname} in ${names.namespace(netns)}`}>
            <b>{ifname}</b> {names.namespace(netns)}
          </li>
        ))}
      </ol>
      <svg className="flow-plot" height={height} role="img" aria-label={summary(picture)}>
        <Axis totalNs={totalNs} height={height} />
        {bars.map((bar) => (
          <Bar
            key={bar.key}
            bar={bar}
            totalNs={totalNs}
            isCurrent={step?.kind === 'hop' && step.number === bar.number}
          />
        ))}
        {drops.map(({ row, atNs }) => (
          <text key={`${row} ${atNs}`} className="flow-drop" x={`${(100 * atNs) / totalNs}%`} y={middleOf(row) + 4.5}>
            ✕<title>{`dropped after ${formatDuration(atNs)}`}</title>
          </text>
        ))}
      </svg>
      {more > 0 && <figcaption className="hint">{`${more} more hops are not drawn.`}</figcaption>}
    </figure>
  );
}

const middleOf = (row: number): number => AXIS + (row + 0.5) * ROW;
/** Packets go down and come back up side by side. */
const SHIFT = { request: -3.5, reply: 3.5, error: 3.5 } as const;

function summary({ rows, bars, totalNs }: Picture): string {
  return `${bars.length} hops at ${rows.length} devices in ${formatDuration(totalNs)}; the table below has every figure`;
}

function Axis({ totalNs, height }: { totalNs: number; height: number }) {
  const ticks = axisTicks(totalNs, TICKS);
  return (
    <g className="flow-axis">
      {ticks.map((ns, i) => (
        <g key={ns}>
          <line x1={`${(100 * ns) / totalNs}%`} x2={`${(100 * ns) / totalNs}%`} y1={AXIS - 3} y2={height} />
          <text x={`${(100 * ns) / totalNs}%`} y={AXIS - 6} className={anchorOf(ns / totalNs)}>
            {i === 0 ? '0' : formatDuration(ns)}
          </text>
        </g>
      ))}
    </g>
  );
}

/** The first and the last one stay inside the picture. */
const anchorOf = (part: number): string => (part < 0.06 ? 'is-start' : part > 0.94 ? 'is-end' : '');

function Bar({ bar, totalNs, isCurrent }: { bar: WaterfallBar; totalNs: number; isCurrent: boolean }) {
  const { row, fromRow, direction, segments, number } = bar;
  const y = middleOf(row) + SHIFT[direction];
  const startX = `${(100 * (segments[0]?.fromNs ?? 0)) / totalNs}%`;
  return (
    <g className={`flow-bar direction-${direction} ${isCurrent ? 'is-current' : ''}`}>
      {fromRow !== null && fromRow !== row && (
        <line x1={startX} x2={startX} y1={middleOf(fromRow) + SHIFT[direction]} y2={y} />
      )}
      {segments.map(({ kind, fromNs, toNs, text }) => {
        const width = Math.max(MIN_PART, (100 * (toNs - fromNs)) / totalNs);
        const x = Math.min((100 * fromNs) / totalNs, 100 - width);
        const thickness = kind === 'stage' ? 7 : 3;
        return (
          <rect
            key={fromNs}
            className={`is-${kind}`}
            x={`${x}%`}
            y={y - thickness / 2}
            width={`${width}%`}
            height={thickness}
          >
            <title>{`${number}: ${text}`}</title>
          </rect>
        );
      })}
    </g>
  );
}
