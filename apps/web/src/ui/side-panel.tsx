import type { KeyboardEvent } from 'react';
import { plural } from '../lib/format.ts';
import { routeOf, sequenceOf } from '../store/exchange-words.ts';
import { comparedOf, type PanelTab } from '../store/store.ts';
import { EmptyList } from './empty-list.tsx';
import { ExchangeList } from './exchange-list.tsx';
import { FilterBox } from './filter-box.tsx';
import { OnDemand, onDemand } from './on-demand.tsx';
import { usePage, usePageState } from './page.ts';

const exchangeDetail = onDemand(() => import('./exchange-detail.tsx').then((file) => file.ExchangeDetail));
const compareView = onDemand(() => import('./compare-view.tsx').then((file) => file.CompareView));
const pathList = onDemand(() => import('./path-list.tsx').then((file) => file.PathList));

const TABS: readonly { readonly tab: PanelTab; readonly title: string }[] = [
  { tab: 'exchanges', title: 'Exchanges' },
  { tab: 'paths', title: 'Paths' },
];

/** Exchanges or path statistics, and below them the exchange that is selected. */
export function SidePanel() {
  const tab = usePageState((state) => state.tab);
  const count = usePageState((state) => state.list.ids.length);
  const drops = usePageState((state) => state.list.dropped ?? state.drops);
  const selected = usePageState((state) => state.selected);
  const compared = usePageState(comparedOf);
  return (
    <aside className="panel" aria-label="Exchanges and paths">
      <FilterBox />
      <div className="panel-head">
        <Tabs shown={tab} />
        <span className="panel-count">
          {count > 0 && plural(count, 'exchange')}
          {drops > 0 && <b className="text-bad"> · ✕ {plural(drops, 'drop')}</b>}
        </span>
      </div>
      <div className="panel-list" role="tabpanel" id={`panel-${tab}`} aria-labelledby={`tab-${tab}`}>
        <EmptyList />
        {tab === 'exchanges' ? <ExchangeList /> : <OnDemand part={pathList} with={{}} />}
      </div>
      <PickedHint />
      {selected === null ? (
        count > 0 &&
        tab === 'exchanges' && <p className="panel-hint">Select an exchange to light its path and see every hop.</p>
      ) : compared === null ? (
        <OnDemand part={exchangeDetail} with={{ exchange: selected }} />
      ) : (
        <OnDemand part={compareView} with={{ left: selected, right: compared }} />
      )}
    </aside>
  );
}

/** While one exchange is picked, and not yet the other. */
function PickedHint() {
  const { actions } = usePage();
  const picked = usePageState((state) => state.picked);
  const names = usePageState((state) => state.names);
  if (picked === null) return null;
  const { from, to } = routeOf(picked, names);
  return (
    <p className="compare-hint is-picked" role="status">
      <span>
        <b>
          {from} → {to} {sequenceOf(picked)}
        </b>{' '}
        is picked. Pick another one to compare the two.
      </span>
      <button type="button" className="button" onClick={actions.putBack}>
        Cancel
      </button>
    </p>
  );
}

function Tabs({ shown }: { shown: PanelTab }) {
  const { actions } = usePage();
  const onKey = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    const other = shown === 'exchanges' ? 'paths' : 'exchanges';
    actions.showTab(other);
    document.getElementById(`tab-${other}`)?.focus();
  };
  return (
    <div className="tabs" role="tablist" aria-label="Side panel" onKeyDown={onKey}>
      {TABS.map(({ tab, title }) => (
        <button
          key={tab}
          type="button"
          role="tab"
          id={`tab-${tab}`}
          aria-selected={tab === shown}
          aria-controls={tab === shown ? `panel-${tab}` : undefined}
          tabIndex={tab === shown ? 0 : -1}
          onClick={() => actions.showTab(tab)}
        >
          {title}
        </button>
      ))}
    </div>
  );
}
