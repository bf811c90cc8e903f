import type { Exchange } from '@hopscope/model';
import { memo } from 'react';
import { formatClock, plural } from '../lib/format.ts';
import { hopCount, routeOf, sequenceOf } from '../store/exchange-words.ts';
import { type Outcome, outcomeOf } from '../store/words.ts';
import { usePageState } from './page.ts';

const MARKS: Readonly<Record<Outcome, string>> = { flying: '●', ok: '✓', bad: '✕', error: '▲', unknown: '?' };

export const ExchangeRow = memo(function ExchangeRow({
  exchange,
  isSelected,
  isTabStop,
  isCompared,
  wallMs,
  onSelect,
}: {
  exchange: Exchange;
  isSelected: boolean;
  /** Of all rows one: the others are reached by arrow key. */
  isTabStop: boolean;
  /** It stands beside the selected one. */
  isCompared: boolean;
  wallMs: number;
  onSelect: (exchange: Exchange | null) => void;
}) {
  const names = usePageState((state) => state.names);
  const { outcome, short, phrase } = outcomeOf(exchange);
  const route = routeOf(exchange, names);
  return (
    <button
      type="button"
      tabIndex={isTabStop ? 0 : -1}
      className={`row ${isSelected ? 'is-selected' : ''} ${isCompared ? 'is-compared' : ''}`}
      aria-pressed={isSelected || isCompared}
      onClick={() => onSelect(isSelected ? null : exchange)}
      title={`${route.full}, ${phrase}`}
    >
      <span className={`row-mark outcome-${outcome}`} role="img" aria-label={`${phrase}:`}>
        {MARKS[outcome]}
      </span>
      <span className="row-route">
        <span>{route.from}</span> <span className="arrow">→</span> <span>{route.to}</span>
      </span>
      <span className={`row-outcome outcome-${outcome}`}>{short}</span>
      <span className="row-time">{formatClock(wallMs, 3)}</span>
      <span className="row-more">
        {sequenceOf(exchange)} · {plural(hopCount(exchange), 'hop')}
        {exchange.isOtherWayBack === true && <span title="The reply took another way"> · ⇄</span>}
        {exchange.incomplete && <span className="text-bad"> · ◌ incomplete</span>}
      </span>
    </button>
  );
});
