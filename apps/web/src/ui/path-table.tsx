import type { PathReport } from '@hopscope/model';
import { ChevronRight } from 'lucide-react';
import { formatCount } from '../lib/format.ts';
import {
  formatLoss,
  formatTime,
  type HopRow,
  type HopSort,
  hopRows,
  nextSort,
  type PathUnit,
  sortRows,
  TIME_COLUMNS,
  type TimeChoice,
  unitOf,
} from '../store/path-rows.ts';
import { usePageState } from './page.ts';
import { PathChart } from './paths-chart.tsx';

const COLUMNS = 2 + TIME_COLUMNS.length;

interface PathTableProps {
  readonly path: PathReport;
  readonly time: TimeChoice;
  readonly sort: HopSort | null;
  readonly onSort: (sort: HopSort | null) => void;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

/** One path: who to whom, how its exchanges ended, and mtr's columns for each of its hops. */
export function PathTable({ path, time, sort, onSort, isOpen, onToggle }: PathTableProps) {
  const names = usePageState((state) => state.names);
  const near = path.hops[0]?.netns ?? null;
  const far = path.hops.findLast(({ direction }) => direction === 'request')?.netns ?? null;
  const kind = path.kind === 'echo' ? 'ping' : path.kind.toUpperCase();
  const unit = unitOf(path, time);
  return (
    <>
      <button type="button" className="path-head" aria-expanded={isOpen} onClick={onToggle}>
        <ChevronRight className={`hop-chevron ${isOpen ? 'is-open' : ''}`} size={14} aria-hidden="true" />
        <span className="path-route">
          {names.address(path.src, near)} <span className="arrow">→</span> {names.address(path.dst, far)}
        </span>
        <span className="path-kind">{kind}</span>
        <span className="path-addresses">
          {path.src} → {path.dst}
        </span>
        <span className="path-verdicts">
          <Verdicts path={path} />
        </span>
      </button>
      {isOpen && <PathChart path={path} />}
      {isOpen && path.hops.length > 0 && (
        <table className="path-table">
          <caption className="visually-hidden">
            {time === 'sinceStart' ? 'Times since the first hop' : 'Round trip as seen from the hop'}
          </caption>
          <thead>
            <tr>
              {columnsOf(unit).map((column) => (
                <ColumnHead key={column.title} column={column} sort={sort} onSort={onSort} />
              ))}
            </tr>
          </thead>
          {sortRows(hopRows(path, time), sort, time).map((row) => (
            <HopBody key={row.key} row={row} unit={unit} time={time} />
          ))}
        </table>
      )}
      {isOpen && <Drops path={path} />}
    </>
  );
}

interface Column {
  readonly title: string;
  readonly unit: string;
  readonly full: string;
}

const columnsOf = ({ name: unit }: PathUnit): Column[] => [
  { title: 'Loss', unit: '%', full: 'the part that was not seen here' },
  { title: 'Snt', unit: '', full: 'exchanges sent on this path' },
  ...TIME_COLUMNS.map(({ title, full }) => ({ title, unit, full })),
];

interface ColumnHeadProps {
  readonly column: Column;
  readonly sort: HopSort | null;
  readonly onSort: (sort: HopSort | null) => void;
}

function ColumnHead({ column: { title, unit, full }, sort, onSort }: ColumnHeadProps) {
  const isSorted = sort?.column === title;
  return (
    <th scope="col" title={full} aria-sort={isSorted ? (sort.isDescending ? 'descending' : 'ascending') : undefined}>
      <button type="button" onClick={() => onSort(nextSort(sort, title))} title={`${full}: sort by it`}>
        {title}
        {unit !== '' && <br />}
        {unit}
      </button>
    </th>
  );
}

function Verdicts({ path }: { path: PathReport }) {
  const { sent, verdicts, unclear } = path;
  const ended = [
    [verdicts.replied, 'replied'],
    [verdicts.delivered, 'delivered'],
    [verdicts.dropped, 'dropped'],
    [verdicts.error, 'answered by an error'],
    [verdicts['lost-sight'], 'lost sight'],
  ] as const;
  const text = ended.filter(([count]) => count > 0).map(([count, word]) => `${formatCount(count)} ${word}`);
  return (
    <>
      {formatCount(sent)} sent{text.length > 0 && `: ${text.join(', ')}`}
      {unclear > 0 && (
        <span className="text-bad"> · ◌ {formatCount(unclear)} incomplete or ambiguous, not counted</span>
      )}
    </>
  );
}

interface HopBodyProps {
  readonly row: HopRow;
  readonly unit: PathUnit;
  readonly time: TimeChoice;
}

const MARKS = { request: '●', reply: '◆' } as const;

function HopBody({ row, unit, time }: HopBodyProps) {
  const { hop, isTurn, lossText } = row;
  const names = usePageState((state) => state.names);
  const times = hop[time];
  return (
    <tbody className={`${isTurn ? 'is-first' : ''} ${lossText === '' ? '' : 'is-lossy'}`}>
      <tr>
        <th scope="rowgroup" colSpan={COLUMNS}>
          <span className={`legend-${hop.direction}`} aria-hidden="true">
            {MARKS[hop.direction]}
          </span>
          <span className="visually-hidden">{hop.direction}</span> <b>{hop.ifname}</b>{' '}
          <span className="path-netns">{names.namespace(hop.netns)}</span>
          {lossText !== '' && <span className="path-lossy">✕ {lossText}</span>}
        </th>
      </tr>
      <tr>
        <td className="path-loss">{formatLoss(hop.loss)}</td>
        <td>{formatCount(hop.sent)}</td>
        {TIME_COLUMNS.map(({ title, value }) => (
          <td key={title}>{times === null ? '–' : formatTime(value(times), unit)}</td>
        ))}
      </tr>
    </tbody>
  );
}

function Drops({ path }: { path: PathReport }) {
  const names = usePageState((state) => state.names);
  if (path.drops.length === 0) return null;
  return (
    <ul className="path-drops" aria-label="Drops on this path">
      {path.drops.map(({ direction, reason, location, netns, ifname, count }) => (
        <li key={`${direction} ${reason} ${location} ${ifname}`} title={location}>
          <span aria-hidden="true">✕</span> {formatCount(count)} × {reason}
          {ifname !== '' && ` at ${ifname}`}
          {netns !== null && ` in ${names.namespace(netns)}`}
        </li>
      ))}
    </ul>
  );
}
