import { X } from 'lucide-react';
import { useEffect, useReducer, useSyncExternalStore } from 'react';
import type { Fact, FocusWords, Part } from '../graph/describe-focus.ts';
import { CopyButton } from './copy-button.tsx';
import { usePage } from './page.ts';

const REFRESH_MS = 250;

/** About what is pointed at on the map: both ends of a wire, a device, a namespace. A click keeps it. */
export function MapCard() {
  const { scene } = usePage();
  const focus = useSyncExternalStore(scene.focus.subscribe, () => scene.focus.current);
  const [, refresh] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    if (focus === null) return;
    const timer = setInterval(refresh, REFRESH_MS);
    return () => clearInterval(timer);
  }, [focus]);
  const words = focus === null ? null : scene.describe(focus.target);
  if (focus === null || words === null) return null;
  return (
    <section className={`map-card is-${focus.side} ${focus.isKept ? 'is-kept' : ''}`} aria-label="On the map">
      <header>
        <h2>{words.title}</h2>
        {focus.isKept && (
          <>
            <CopyButton text={textOf(words)} what="all of this" />
            <button
              type="button"
              className="copy"
              onClick={() => scene.focus.set(null)}
              title="Close (Esc)"
              aria-label="Close"
            >
              <X size={14} />
            </button>
          </>
        )}
      </header>
      {words.warnings.map((text) => (
        <p key={text} className="map-card-warning">
          ⚠ {text}
        </p>
      ))}
      <Facts facts={words.facts} />
      {words.parts.length > 0 && <Ends parts={words.parts} />}
      {words.namespaces.length > 0 && <Folding namespaces={words.namespaces} isKept={focus.isKept} />}
      {!focus.isKept && <footer>click to keep</footer>}
    </section>
  );
}

function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl>
      {facts.map(({ name, value }) => (
        <div key={`${name} ${name === 'address' ? value : ''}`}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Names of what is folded, each with its way back; of what is shown, the way there. */
function Folding({ namespaces, isKept }: { namespaces: FocusWords['namespaces']; isKept: boolean }) {
  const { mapKeeper, scene } = usePage();
  if (!isKept) {
    const folded = namespaces.filter(({ isFolded }) => isFolded);
    return folded.length === 0 ? null : <p className="map-card-names">{folded.map(({ title }) => title).join(', ')}</p>;
  }
  const [first] = namespaces;
  if (first?.isFolded === false) {
    const fold = (): void => {
      scene.focus.set(null);
      mapKeeper.fold(first.id);
    };
    return (
      <button type="button" className="button map-card-fold" onClick={fold}>
        Fold this namespace
      </button>
    );
  }
  return (
    <>
      <ul className="map-card-folded">
        {namespaces.map(({ id, title }) => (
          <li key={id}>
            <span data-netns={id}>{title}</span>
            <button
              type="button"
              className="button"
              onClick={() => mapKeeper.unfold([id])}
              aria-label={`Unfold ${title}`}
            >
              Unfold
            </button>
          </li>
        ))}
      </ul>
      <button type="button" className="button map-card-fold" onClick={mapKeeper.unfoldAll}>
        Unfold all
      </button>
    </>
  );
}

/** Both ends of a wire, side by side. */
function Ends({ parts }: { parts: readonly Part[] }) {
  const names = [...new Set(parts.flatMap((part) => part.facts.map((fact) => fact.name)))];
  return (
    <table>
      <thead>
        <tr>
          <td />
          {parts.map((part) => (
            <th key={part.title} scope="col">
              {part.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {names.map((name) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {parts.map((part) => (
              <td key={part.title}>
                {part.facts
                  .filter((fact) => fact.name === name)
                  .map((fact) => fact.value)
                  .join(', ') || '–'}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function textOf({ title, facts, parts, warnings, namespaces }: FocusWords): string {
  const lines = (some: readonly Fact[]): string[] => some.map(({ name, value }) => `${name}: ${value}`);
  const folded = namespaces.filter(({ isFolded }) => isFolded).map((each) => each.title);
  return [
    title,
    ...warnings,
    ...lines(facts),
    ...parts.flatMap((part) => ['', part.title, ...lines(part.facts)]),
    ...folded,
  ].join('\n');
}
