import { useVirtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useRef } from 'react';
import { useCountCommits } from './commits.ts';
import { ExchangeRow } from './exchange-row.tsx';
import { usePage, usePageState } from './page.ts';

const ROW_HEIGHT = 45;

/** Newest first. Scrolled down, it stays on the rows being read. */
export function ExchangeList() {
  useCountCommits();
  const { traffic, actions } = usePage();
  const list = usePageState((state) => state.list);
  const selectedId = usePageState((state) => state.selected?.id ?? null);
  const scroller = useRef<HTMLDivElement>(null);
  const { ids } = list;
  const idAt = (index: number): number => ids[ids.length - 1 - index] ?? -1;
  const virtual = useVirtualizer({
    count: ids.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: idAt,
    overscan: 6,
  });

  const newest = useRef<number | null>(null);
  useLayoutEffect(() => {
    const element = scroller.current;
    const before = newest.current;
    newest.current = ids[ids.length - 1] ?? null;
    if (element === null || before === null || element.scrollTop < ROW_HEIGHT / 2) return;
    const added = ids.length - 1 - ids.lastIndexOf(before);
    if (added > 0 && added < ids.length) element.scrollTop += added * ROW_HEIGHT;
  }, [ids]);

  const isVisible = virtual.getVirtualItems().some((item) => idAt(item.index) === selectedId);
  const lastSelected = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (selectedId === lastSelected.current) return;
    lastSelected.current = selectedId;
    if (selectedId === null || isVisible) return;
    const index = ids.length - 1 - ids.lastIndexOf(selectedId);
    if (index < ids.length) virtual.scrollToIndex(index, { align: 'auto' });
  }, [selectedId, isVisible, ids, virtual]);

  return (
    <div className="list" ref={scroller}>
      <ul style={{ height: virtual.getTotalSize() }} aria-label="Recent exchanges, newest first">
        {virtual.getVirtualItems().map((item) => {
          const exchange = traffic.exchange(idAt(item.index));
          if (exchange === undefined) return null;
          return (
            <li key={item.key} style={{ transform: `translateY(${item.start}px)` }}>
              <ExchangeRow
                exchange={exchange}
                isSelected={exchange.id === selectedId}
                wallMs={traffic.wallMs(exchange.startNs)}
                onSelect={actions.select}
              />
            </li>
          );
        })}
      </ul>
    </div>
  );
}
