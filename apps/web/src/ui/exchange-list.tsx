import { type KeyboardEvent, useLayoutEffect, useRef, useState } from 'react';
import { formatCount } from '../lib/format.ts';
import { routeOf, sequenceOf } from '../store/exchange-words.ts';
import { comparedOf } from '../store/store.ts';
import { useCountCommits } from './commits.ts';
import { ExchangeRow } from './exchange-row.tsx';
import { usePage, usePageState } from './page.ts';
import { useRows } from './use-rows.ts';

const ROW_HEIGHT = 45;
const PAGE_ROWS = 8;

/** Newest first. Scrolled down, it stays on the rows being read and says how many came meanwhile. */
export function ExchangeList() {
  useCountCommits();
  const { traffic, actions } = usePage();
  const list = usePageState((state) => state.list);
  const selectedId = usePageState((state) => state.selected?.id ?? null);
  const comparedId = usePageState((state) => comparedOf(state)?.id ?? null);
  const pickedId = usePageState((state) => state.picked?.id ?? null);
  const names = usePageState((state) => state.names);
  /** One, or the two that are compared. */
  const isPicked = (id: number): boolean =>
    id === pickedId || (comparedId !== null && (id === selectedId || id === comparedId));
  const scroller = useRef<HTMLDivElement>(null);
  const { ids } = list;
  const idAt = (index: number): number => ids[ids.length - 1 - index] ?? -1;
  /** 0, the newest, also for one that is not in the list. */
  const indexOf = (id: number | null): number => {
    const at = id === null ? -1 : ids.lastIndexOf(id);
    return at === -1 ? 0 : ids.length - 1 - at;
  };
  /** The row that the Tab key comes to; it stays in the page while it is scrolled out of sight. */
  const [focusId, setFocusId] = useState<number | null>(null);
  const focusIndex = indexOf(focusId ?? selectedId);
  const { shown, totalPx, scrollTo } = useRows(scroller, ids.length, ROW_HEIGHT, focusIndex);

  /** The newest row that was to be seen when the list was last at its top; null while it is there. */
  const [readId, setReadId] = useState<number | null>(null);
  const newCount = readId === null ? 0 : indexOf(readId);

  const newest = useRef<number | null>(null);
  useLayoutEffect(() => {
    const element = scroller.current;
    const before = newest.current;
    newest.current = ids[ids.length - 1] ?? null;
    if (element === null || before === null || element.scrollTop < ROW_HEIGHT / 2) return;
    const added = ids.length - 1 - ids.lastIndexOf(before);
    if (added > 0 && added < ids.length) element.scrollTop += added * ROW_HEIGHT;
  }, [ids]);

  const lastSelected = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (selectedId === lastSelected.current) return;
    lastSelected.current = selectedId;
    if (selectedId === null) return;
    const index = ids.length - 1 - ids.lastIndexOf(selectedId);
    if (index < ids.length) scrollTo(index);
  }, [selectedId, ids, scrollTo]);

  /** Moves the focus there as soon as the row is in the page. */
  const wantsFocus = useRef(false);
  useLayoutEffect(() => {
    if (!wantsFocus.current || focusId === null) return;
    const row = scroller.current?.querySelector<HTMLElement>(`[data-exchange="${focusId}"] .row`);
    if (row === null || row === undefined) return;
    wantsFocus.current = false;
    row.focus({ preventScroll: true });
  });

  function onKeyDown(event: KeyboardEvent): void {
    const to = targetOf(event.key, focusIndex, ids.length - 1);
    if (to === null || ids.length === 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    wantsFocus.current = true;
    setFocusId(idAt(to));
    scrollTo(to);
  }

  return (
    <>
      {newCount > 0 && (
        <button
          type="button"
          className="list-new"
          onClick={() => {
            setReadId(null);
            scrollTo(0);
          }}
          title="Scroll to the newest"
        >
          <span aria-hidden="true">↑ </span>
          {formatCount(newCount)} new
        </button>
      )}
      <div
        className={`list ${pickedId === null && comparedId === null ? '' : 'is-picking'}`}
        ref={scroller}
        onScroll={({ currentTarget }) => {
          if (currentTarget.scrollTop < ROW_HEIGHT / 2) setReadId(null);
          else setReadId((before) => before ?? idAt(0));
        }}
      >
        <ul
          style={{ height: totalPx }}
          aria-label="Recent exchanges, newest first"
          onKeyDown={onKeyDown}
          onFocus={({ target }) => setFocusId(Number(target.closest('li')?.dataset.exchange ?? -1))}
        >
          {shown.map(({ index, topPx }) => {
            const exchange = traffic.exchange(idAt(index));
            if (exchange === undefined) return null;
            const { from, to } = routeOf(exchange, names);
            return (
              <li
                key={exchange.id}
                style={{ transform: `translateY(${topPx}px)` }}
                data-exchange={exchange.id}
                aria-setsize={ids.length}
                aria-posinset={index + 1}
              >
                <ExchangeRow
                  exchange={exchange}
                  isSelected={exchange.id === selectedId}
                  isCompared={exchange.id === comparedId}
                  isTabStop={index === focusIndex}
                  wallMs={traffic.wallMs(exchange.startNs)}
                  onSelect={actions.select}
                />
                <label className="row-check" title="Compare this one with another (X)">
                  <input
                    type="checkbox"
                    checked={isPicked(exchange.id)}
                    tabIndex={index === focusIndex ? 0 : -1}
                    aria-label={`Pick ${from} → ${to} ${sequenceOf(exchange)} to compare it`}
                    onChange={() => actions.pick(exchange)}
                  />
                </label>
                {/* For the mouse; the menu key opens the same on the row itself. */}
                <button
                  type="button"
                  className="row-menu"
                  data-menu
                  tabIndex={-1}
                  aria-hidden="true"
                  title="Filter by it, copy it"
                >
                  ⋮
                </button>
              </li>
            );
          })}
        </ul>
      </div>
    </>
  );
}

/** Row that the key leads to; null when it leads nowhere. */
function targetOf(key: string, from: number, last: number): number | null {
  const to = {
    ArrowDown: from + 1,
    ArrowUp: from - 1,
    PageDown: from + PAGE_ROWS,
    PageUp: from - PAGE_ROWS,
    Home: 0,
    End: last,
  }[key];
  return to === undefined ? null : Math.max(0, Math.min(last, to));
}
