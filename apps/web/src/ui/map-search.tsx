import { Search } from 'lucide-react';
import { type KeyboardEvent, useState } from 'react';
import type { Hit } from '../graph/search.ts';
import { usePage } from './page.ts';

const FIELD = 'map-search';
const LIST = 'map-search-hits';

/** Into the search field, whatever has the focus now. */
export function focusMapSearch(): void {
  const field = document.getElementById(FIELD);
  // What is typed takes the place of what was looked for before.
  if (field instanceof HTMLInputElement) field.select();
  field?.focus();
}

/** Finds a namespace, interface, address or MAC on the map, and goes there. */
export function MapSearch() {
  const { scene } = usePage();
  const [query, setQuery] = useState('');
  const [at, setAt] = useState(0);
  const [isOpen, setOpen] = useState(false);
  const isListed = isOpen && query !== '';
  const hits = isListed ? scene.search(query) : [];
  const chosen = Math.min(at, hits.length - 1);

  function goTo(hit: Hit | undefined): void {
    if (hit === undefined) return;
    scene.goTo(hit.target);
    setOpen(false);
  }

  function onKey(event: KeyboardEvent<HTMLInputElement>): void {
    if (event.key === 'Enter' && !isOpen) setOpen(true);
    else if (event.key === 'ArrowDown') setAt(Math.min(hits.length - 1, chosen + 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(0, chosen - 1));
    else if (event.key === 'Enter') goTo(hits[chosen]);
    else if (event.key === 'Escape') {
      setQuery('');
      event.currentTarget.blur();
    } else return;
    event.preventDefault();
  }

  return (
    <search className="map-search">
      <Search size={14} aria-hidden="true" />
      <input
        id={FIELD}
        type="search"
        role="combobox"
        placeholder="Find on map (G)"
        aria-label="Find a namespace, interface, address or MAC on the map"
        title="Find a namespace, interface, address or MAC on the map (G)"
        aria-expanded={isListed}
        aria-controls={LIST}
        aria-activedescendant={chosen >= 0 ? `${LIST}-${chosen}` : undefined}
        autoComplete="off"
        spellCheck={false}
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setAt(0);
          setOpen(true);
        }}
        onBlur={() => setOpen(false)}
        onKeyDown={onKey}
      />
      {isListed && (
        <div className="map-search-hits" id={LIST} role="listbox" aria-label="Found on the map">
          {hits.length === 0 && <p>Nothing on the map is called so.</p>}
          {hits.map((hit, i) => (
            <div
              key={hit.target.id}
              id={`${LIST}-${i}`}
              role="option"
              tabIndex={-1}
              aria-selected={i === chosen}
              // Before the field loses the focus and the list goes.
              onPointerDown={(event) => {
                event.preventDefault();
                setAt(i);
                goTo(hit);
              }}
            >
              <b>{hit.title}</b> <span>{hit.detail}</span>
            </div>
          ))}
        </div>
      )}
    </search>
  );
}
