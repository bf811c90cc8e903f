import { completeFilter, type FilterError, parseFilter, subjectNames } from '@hopscope/model';
import { ListFilter, X } from 'lucide-react';
import { type KeyboardEvent, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { EXCHANGES_READ, filterValues } from '../store/filter-values.ts';
import { FilterOptions, optionId } from './filter-options.tsx';
import { usePage, usePageState } from './page.ts';

const INPUT_ID = 'filter-input';
const MESSAGE_ID = 'filter-message';
const OPTIONS_ID = 'filter-options';
const MOST_OPTIONS = 100;

export function focusFilter(): void {
  const input = document.getElementById(INPUT_ID);
  if (!(input instanceof HTMLInputElement)) return;
  input.focus();
  input.select();
}

/** The display filter: completion while one types, errors under the word that they are about, Enter applies it. */
export function FilterBox() {
  const { actions, store, traffic } = usePage();
  const draft = usePageState((state) => state.filterDraft);
  const applied = usePageState((state) => state.filter);
  const input = useRef<HTMLInputElement>(null);
  const wantedCaret = useRef<number | null>(null);
  const [caret, setCaret] = useState(0);
  const [scrollPx, setScrollPx] = useState(0);
  const [isOpen, setOpen] = useState(false);
  /** Chosen by arrow key; null: none was yet. */
  const [chosen, setChosen] = useState<number | null>(null);
  const parsed = useMemo(() => parseFilter(draft), [draft]);
  const error = parsed.ok ? null : parsed.error;
  const isChanged = draft.trim() !== applied;
  /** Right as far as it goes: no reason for red while somebody writes. */
  const isUnfinished = error !== null && isOpen && error.at >= draft.trimEnd().length;

  const values = useMemo(() => {
    if (!isOpen) return {};
    const { topology, list } = store.getState();
    const newest = list.ids.slice(-EXCHANGES_READ).flatMap((id) => traffic.exchange(id) ?? []);
    return filterValues(topology, subjectNames(topology).containerOf, newest.reverse());
  }, [isOpen, store, traffic]);
  const options = useMemo(
    () => (isOpen ? completeFilter(draft, caret, values).slice(0, MOST_OPTIONS) : []),
    [isOpen, draft, caret, values],
  );
  // What is half written is completed by Enter or Tab at once; a whole filter is applied, whatever could go on from there.
  const isHalfWritten = error !== null && (options[0]?.at ?? caret) < caret;
  const active = options.length === 0 ? null : chosen === null ? (isHalfWritten ? 0 : null) : chosen % options.length;

  useLayoutEffect(() => {
    const at = wantedCaret.current;
    if (at === null) return;
    wantedCaret.current = null;
    input.current?.setSelectionRange(at, at);
    setCaret(at);
  });

  function write(text: string, at: number): void {
    wantedCaret.current = at;
    actions.prepareFilter(text);
    setChosen(null);
  }

  function take(index: number): void {
    const option = options[index];
    if (option === undefined) return;
    const after = draft.slice(caret).replace(/^ /, '');
    const before = `${draft.slice(0, option.at)}${option.text} `;
    write(before + after, before.length);
  }

  function fix({ at, end, suggestion }: FilterError): void {
    const before = draft.slice(0, at) + (suggestion ?? '');
    write(before + draft.slice(end), before.length);
    input.current?.focus();
  }

  function apply(text: string): void {
    actions.applyFilter(text);
    setOpen(false);
    setChosen(null);
  }

  function onKeyDown(event: KeyboardEvent<HTMLInputElement>): void {
    const isTaking = (event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey && active !== null;
    if (isTaking) take(active);
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      setOpen(true);
      const step = event.key === 'ArrowDown' ? 1 : -1;
      const from = active ?? (step > 0 ? -1 : 0);
      if (options.length > 0) setChosen((from + step + options.length) % options.length);
    } else if (event.key === 'Enter') {
      if (error === null) apply(draft);
    } else if (event.key === 'Escape') {
      setOpen(false);
      if (isOpen && options.length > 0) setChosen(null);
      else if (isChanged) write(applied, applied.length);
      else event.currentTarget.blur();
    } else return;
    event.preventDefault();
  }

  const hasOptions = isOpen && options.length > 0;
  return (
    <search className="filter" aria-label="Display filter">
      <div
        className={`filter-box ${error !== null && !isUnfinished ? 'has-error' : applied !== '' && !isChanged ? 'is-applied' : ''}`}
      >
        <ListFilter size={15} className="filter-icon" aria-hidden="true" />
        <div className="filter-field">
          <input
            ref={input}
            id={INPUT_ID}
            type="text"
            role="combobox"
            aria-label="Display filter"
            aria-autocomplete="list"
            aria-expanded={hasOptions}
            aria-controls={OPTIONS_ID}
            aria-activedescendant={hasOptions && active !== null ? optionId(active) : undefined}
            aria-invalid={error !== null}
            aria-describedby={MESSAGE_ID}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            placeholder='container == "web" && rtt > 1ms'
            value={draft}
            onChange={(event) => {
              actions.prepareFilter(event.target.value);
              setCaret(event.target.selectionStart ?? event.target.value.length);
              setOpen(true);
              setChosen(null);
            }}
            onSelect={(event) => setCaret(event.currentTarget.selectionEnd ?? 0)}
            onScroll={(event) => setScrollPx(event.currentTarget.scrollLeft)}
            onKeyDown={onKeyDown}
            onBlur={() => setOpen(false)}
          />
          {error !== null && !isUnfinished && <Underline text={draft} error={error} scrollPx={scrollPx} />}
        </div>
        {isChanged && error === null && (
          <button type="button" className="filter-apply" onClick={() => apply(draft)} title="Apply this filter (Enter)">
            Apply
          </button>
        )}
        {(draft !== '' || applied !== '') && (
          <button
            type="button"
            className="filter-clear"
            onClick={() => apply('')}
            title="Show everything again"
            aria-label="Clear the filter"
          >
            <X size={14} />
          </button>
        )}
      </div>
      {hasOptions && <FilterOptions id={OPTIONS_ID} options={options} active={active} onTake={take} />}
      <p className={`filter-message ${isUnfinished ? 'is-hint' : ''}`} id={MESSAGE_ID} aria-live="polite">
        {error !== null && <Message error={error} isHint={isUnfinished} onFix={() => fix(error)} />}
      </p>
    </search>
  );
}

function Message({ error, isHint, onFix }: { error: FilterError; isHint: boolean; onFix: () => void }) {
  return (
    <>
      <span aria-hidden="true">{isHint ? '… ' : '▲ '}</span>
      {error.message}
      {error.suggestion !== null && (
        <>
          {'; did you mean '}
          {/* The box keeps the focus until the click. */}
          <button
            type="button"
            className="filter-fix"
            onPointerDown={(event) => event.preventDefault()}
            onClick={onFix}
          >
            {error.suggestion}
          </button>
          ?
        </>
      )}
    </>
  );
}

/** The same text again, unseen, with a line under what is wrong. */
function Underline({ text, error, scrollPx }: { text: string; error: FilterError; scrollPx: number }) {
  return (
    <div className="filter-under" aria-hidden="true">
      <span style={{ transform: `translateX(${-scrollPx}px)` }}>
        {text.slice(0, error.at)}
        <u>{text.slice(error.at, error.end) || '\u00a0'}</u>
      </span>
    </div>
  );
}
