import { type ComparedSide, compareExchanges, type Exchange, headerLabel } from '@hopscope/model';
import { X } from 'lucide-react';
import { Fragment, useMemo } from 'react';
import { formatMicros } from '../lib/format.ts';
import { type ComparedRow, comparedRows, partingSentence, SIDE_NAMES, type Side } from '../store/compare-words.ts';
import { routeOf, sequenceOf } from '../store/exchange-words.ts';
import { outcomeOf } from '../store/words.ts';
import { useCountCommits } from './commits.ts';
import { usePage, usePageState } from './page.ts';

/** Two exchanges side by side: where they part, how their times and headers differ. */
export function CompareView({ left, right }: { left: Exchange; right: Exchange }) {
  useCountCommits();
  const { actions } = usePage();
  const names = usePageState((state) => state.names);
  const comparison = useMemo(() => compareExchanges(left, right), [left, right]);
  const rows = comparedRows(comparison);
  return (
    <section className="detail compare" aria-label="Comparison">
      <div className="detail-head">
        <h2>Compared</h2>
        <button
          type="button"
          className="icon-button icon-small"
          onClick={actions.endCompare}
          title="End the comparison (Esc)"
          aria-label="End the comparison"
        >
          <X size={15} />
        </button>
      </div>
      <div className="compare-sides">
        <SideCard side="left" exchange={left} />
        <SideCard side="right" exchange={right} />
      </div>
      <p className="detail-sentence">{partingSentence(comparison, left, right, names)}</p>
      <table className="compare-table">
        <caption className="visually-hidden">Hops of both, microseconds since the start of each</caption>
        <thead>
          <tr>
            <th scope="col">hop</th>
            <th scope="col">A +µs</th>
            <th scope="col">B +µs</th>
            <th scope="col" title="B minus A">
              Δ µs
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Fragment key={row.key}>
              <Row row={row} />
              {row.headers.length > 0 && <Headers row={row} />}
            </Fragment>
          ))}
        </tbody>
      </table>
      <p className="hint">Headers are told where they begin to differ. Choose another exchange in the list as B.</p>
    </section>
  );
}

function SideCard({ side, exchange }: { side: Side; exchange: Exchange }) {
  const names = usePageState((state) => state.names);
  const { outcome, phrase } = outcomeOf(exchange);
  const route = routeOf(exchange, names);
  return (
    <div className={`compare-side is-${side}`}>
      <svg className="compare-line" width="26" height="10" aria-hidden="true">
        <line x1="1" x2="25" y1="5" y2="5" />
      </svg>
      <b>{SIDE_NAMES[side]}</b> {sequenceOf(exchange)}
      <p>
        {route.from} <span className="arrow">→</span> {route.to}
      </p>
      <p className={`outcome-${outcome}`}>
        {phrase}
        {exchange.drop !== null && `: ${exchange.drop.reason}`}
      </p>
    </div>
  );
}

const MARKS = { request: '●', reply: '◆', error: '▲' } as const;

function Row({ row: { hop, isFirstDifference, isTurn } }: { row: ComparedRow }) {
  const names = usePageState((state) => state.names);
  const { left, right, direction, differenceNs } = hop;
  const crossing = (left ?? right)?.crossing;
  if (crossing === undefined) return null;
  const only = left === null ? 'only B' : right === null ? 'only A' : '';
  return (
    <tr className={`${isTurn ? 'is-first' : ''} ${only === '' ? '' : 'is-alone'}`}>
      <th scope="row">
        <span className={`legend-${direction}`} aria-hidden="true">
          {MARKS[direction]}
        </span>
        <span className="visually-hidden">{direction}</span> <b>{crossing.ifname}</b>{' '}
        <span className="waterfall-netns">{names.namespace(crossing.netns)}</span>
        {only !== '' && <span className="compare-only">{only}</span>}
        {isFirstDifference && <span className="compare-here">◀ first difference</span>}
      </th>
      <Since side={left} />
      <Since side={right} />
      <td>{differenceNs === null ? '' : `${differenceNs >= 0 ? '+' : '−'}${formatMicros(Math.abs(differenceNs))}`}</td>
    </tr>
  );
}

function Since({ side }: { side: ComparedSide | null }) {
  return <td>{side === null ? '–' : formatMicros(side.sinceNs)}</td>;
}

function Headers({ row: { hop, headers } }: { row: ComparedRow }) {
  const family = hop.left?.crossing.packet.family ?? 4;
  return (
    <tr className="compare-headers">
      <td colSpan={4}>
        <ul aria-label="Headers that differ from here on">
          {headers.map(({ field, before, after }) => (
            <li key={field}>
              <span className="changes-label">{headerLabel(field, family)}</span>
              <span>
                <b>A</b> {before || <i>none</i>}
              </span>
              <span>
                <b>B</b> {after || <i>none</i>}
              </span>
            </li>
          ))}
        </ul>
      </td>
    </tr>
  );
}
