import type { Exchange } from '@hopscope/model';
import { Repeat, RotateCcw, X } from 'lucide-react';
import { dropPlace, joinSentence, outcomeOf, routeOf, sequenceOf, verdictSentence } from '../store/words.ts';
import { useCountCommits } from './commits.ts';
import { usePage, usePageState } from './page.ts';
import { Waterfall } from './waterfall.tsx';

export function ExchangeDetail({ exchange }: { exchange: Exchange }) {
  useCountCommits();
  const { actions, scene } = usePage();
  const names = usePageState((state) => state.names);
  const isLooping = usePageState((state) => state.isLooping);
  const route = routeOf(exchange, names);
  const { outcome, phrase } = outcomeOf(exchange);
  return (
    <section className="detail" aria-label="Selected exchange">
      <div className="detail-head">
        <h3>
          {route.from} <span className="arrow">→</span> {route.to}
        </h3>
        <button
          type="button"
          className="icon-button icon-small"
          onClick={() => scene.replay(exchange, isLooping)}
          title="Replay (r)"
          aria-label="Replay"
        >
          <RotateCcw size={14} />
        </button>
        <button
          type="button"
          className="icon-button icon-small"
          aria-pressed={isLooping}
          onClick={() => actions.setLooping(!isLooping)}
          title="Loop (l)"
          aria-label="Loop"
        >
          <Repeat size={14} />
        </button>
        <button
          type="button"
          className="icon-button icon-small"
          onClick={() => actions.select(null)}
          title="End the selection (Esc)"
          aria-label="End the selection"
        >
          <X size={15} />
        </button>
      </div>
      <p className="detail-addresses">
        {route.full} <span>{sequenceOf(exchange)}</span>
      </p>
      <p className="detail-sentence">
        <b className={`outcome-${outcome}`}>{phrase}.</b> {verdictSentence(exchange, names)}
      </p>
      <p className="detail-join">{joinSentence(exchange)}</p>
      {exchange.incomplete && (
        <p className="text-bad">Hops were missed while this was under way: the path may have holes.</p>
      )}
      <Waterfall exchange={exchange} />
      {exchange.drop !== null && (
        <dl className="drop-facts">
          <dt>reason</dt>
          <dd>{exchange.drop.reason}</dd>
          <dt>where</dt>
          <dd>{dropPlace(exchange, names)}</dd>
          {exchange.drop.location !== '' && (
            <>
              <dt>kernel</dt>
              <dd>{exchange.drop.location}</dd>
            </>
          )}
        </dl>
      )}
    </section>
  );
}
