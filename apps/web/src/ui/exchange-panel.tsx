import { plural } from '../lib/format.ts';
import { EmptyList } from './empty-list.tsx';
import { ExchangeDetail } from './exchange-detail.tsx';
import { ExchangeList } from './exchange-list.tsx';
import { usePageState } from './page.ts';

export function ExchangePanel() {
  const count = usePageState((state) => state.list.ids.length);
  const drops = usePageState((state) => state.rates.reduce((sum, rate) => sum + rate.dropped, 0));
  const selected = usePageState((state) => state.selected);
  return (
    <aside className="panel" aria-label="Exchanges">
      <div className="panel-head">
        <h2>Exchanges</h2>
        <span className="panel-count">
          {count > 0 && plural(count, 'exchange')}
          {drops > 0 && <b className="text-bad"> · ✕ {plural(drops, 'drop')}</b>}
        </span>
      </div>
      <EmptyList />
      <ExchangeList />
      {selected === null ? (
        count > 0 && <p className="panel-hint">Select an exchange to light its path and see every hop.</p>
      ) : (
        <ExchangeDetail exchange={selected} />
      )}
    </aside>
  );
}
