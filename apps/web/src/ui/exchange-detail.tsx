import { type Exchange, gatherEvidence } from '@hopscope/model';
import { Columns2, EllipsisVertical, Repeat, RotateCcw, StepBack, StepForward, X } from 'lucide-react';
import { useMemo } from 'react';
import { isKept } from '../store/exchange-address.ts';
import { routeOf, sequenceOf } from '../store/exchange-words.ts';
import { joinSentence } from '../store/hop-words.ts';
import { dropSentence, incompleteSentence, outcomeOf, verdictSentence } from '../store/words.ts';
import { useCountCommits } from './commits.ts';
import { CompareHint } from './compare-hint.tsx';
import { DropFacts } from './drop-facts.tsx';
import { Ends } from './ends.tsx';
import { ErrorList } from './error-list.tsx';
import { HopTable } from './hop-table.tsx';
import { stepBy } from './keys.ts';
import { usePage, usePageState } from './page.ts';
import { SegmentTable } from './segment-table.tsx';
import { Sentence } from './sentence.tsx';
import { TunnelList } from './tunnel-list.tsx';
import { TupleTable } from './tuple-table.tsx';
import { Value } from './value.tsx';
import { Waterfall } from './waterfall.tsx';

export function ExchangeDetail({ exchange }: { exchange: Exchange }) {
  useCountCommits();
  const names = usePageState((state) => state.names);
  const topology = usePageState((state) => state.topology);
  const facts = usePageState((state) => state.facts);
  const losses = usePageState((state) => state.losses);
  const { outcome, phrase } = outcomeOf(exchange);
  const evidence = useMemo(() => gatherEvidence(exchange, topology, facts), [exchange, topology, facts]);
  const why = useMemo(() => dropSentence(exchange, topology, facts), [exchange, topology, facts]);
  // What error it was stands in a list of its own.
  const how = why !== '' && exchange.verdict === 'error' ? '' : verdictSentence(exchange, names);
  return (
    <section className="detail" aria-label="Selected exchange">
      <DetailHead exchange={exchange} />
      <CompareHint />
      {isKept(exchange) && (
        <p className="detail-mark">
          <span aria-hidden="true">↺</span> It was kept with the address of this page: the page itself holds it no more.
        </p>
      )}
      <p className="detail-sentence">
        <b className={`outcome-${outcome}`}>
          <Value field="verdict" value={exchange.verdict}>
            {phrase}
          </Value>
          .
        </b>{' '}
        <Sentence text={[why, how].filter(Boolean).join(' ')} />
      </p>
      {exchange.isOtherWayBack === true && (
        <p className="detail-mark">
          <span aria-hidden="true">⇄</span> The reply took another way than the request: compare the hops.
        </p>
      )}
      {exchange.request?.mergedInto !== undefined && (
        <p className="detail-mark">
          <span aria-hidden="true">⊂</span> The kernel merged it into another packet (GRO): what became of that became
          of it.
        </p>
      )}
      {exchange.incomplete && (
        <p className="detail-mark text-bad">
          <span aria-hidden="true">◌</span> {incompleteSentence(losses)}
        </p>
      )}
      <p className="detail-join">
        <code className="detail-tag">{exchange.join}</code> {joinSentence(exchange)}
      </p>
      <ErrorList exchange={exchange} />
      <Waterfall exchange={exchange} />
      <HopTable exchange={exchange} />
      <DropFacts exchange={exchange} evidence={evidence} />
      <SegmentTable exchange={exchange} />
      <TupleTable exchange={exchange} />
      <TunnelList exchange={exchange} />
    </section>
  );
}

function DetailHead({ exchange }: { exchange: Exchange }) {
  const page = usePage();
  const { actions, scene } = page;
  const names = usePageState((state) => state.names);
  const isLooping = usePageState((state) => state.isLooping);
  const route = routeOf(exchange, names);
  return (
    <>
      <div className="detail-head">
        <h2>
          {route.from} <span className="arrow">→</span> {route.to}
        </h2>
        <button
          type="button"
          className="icon-button icon-small"
          onClick={() => stepBy(page, -1)}
          title="Back by one hop (,)"
          aria-label="Back by one hop"
        >
          <StepBack size={14} />
        </button>
        <button
          type="button"
          className="icon-button icon-small"
          onClick={() => stepBy(page, 1)}
          title="On by one hop (.)"
          aria-label="On by one hop"
        >
          <StepForward size={14} />
        </button>
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
          onClick={actions.chooseCompared}
          title="Compare with another exchange (c)"
          aria-label="Compare with…"
        >
          <Columns2 size={14} />
        </button>
        <button
          type="button"
          className="icon-button icon-small"
          data-menu
          data-exchange={exchange.id}
          aria-haspopup="menu"
          title="Filter by it, copy it (Shift+F10)"
          aria-label="Filter by it, copy it"
        >
          <EllipsisVertical size={14} />
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
        <Ends of={exchange} />{' '}
        <span>{exchange.kind === 'echo' ? sequenceOf(exchange) : exchange.kind.toUpperCase()}</span>
      </p>
    </>
  );
}
