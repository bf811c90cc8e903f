import { ListFilter } from 'lucide-react';
import { formatCount } from '../lib/format.ts';
import { focusFilter } from './filter-box.tsx';
import { usePageState } from './page.ts';

/** In the header while a filter is set: what is shown is not everything. */
export function FilterChip() {
  const filter = usePageState((state) => state.filter);
  const hidden = usePageState((state) => state.list.held - state.list.ids.length);
  if (filter === '') return null;
  return (
    <button
      type="button"
      className="chip chip-button chip-filter"
      onClick={focusFilter}
      title={`Shown is only what matches: ${filter}`}
    >
      <ListFilter size={14} aria-hidden="true" />
      <span>
        filter hides <b>{formatCount(hidden)}</b>
      </span>
    </button>
  );
}
