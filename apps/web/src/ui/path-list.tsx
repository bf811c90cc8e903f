import type { PathReport } from '@hopscope/model';
import { useEffect, useState } from 'react';
import { formatCount, plural } from '../lib/format.ts';
import type { HopSort, TimeChoice } from '../store/path-rows.ts';
import { useCountCommits } from './commits.ts';
import { usePage, usePageState } from './page.ts';
import { PathTable } from './path-table.tsx';

/** Not more often, however many packets there are. */
const REFRESH_MS = 500;
/** Of so many the tables are open at first. */
const OPEN_AT_FIRST = 4;

interface Shown {
  readonly paths: readonly PathReport[];
  readonly forgotten: number;
}

/** mtr's columns for every path, read twice a second while they are to be seen. */
export function PathList() {
  useCountCommits();
  const { traffic, store } = usePage();
  const read = (): Shown => ({ paths: traffic.paths.paths(), forgotten: traffic.paths.forgotten });
  const [{ paths, forgotten }, setShown] = useState(read);
  const filter = usePageState((state) => state.filter);
  const [time, setTime] = useState<TimeChoice>('sinceStart');
  const [sort, setSort] = useState<HopSort | null>(null);
  const [toggled, setToggled] = useState<ReadonlySet<number>>(new Set());

  // biome-ignore lint/correctness/useExhaustiveDependencies: `read` reads from `traffic` alone; another filter is another statistic
  useEffect(() => {
    setShown(read());
    const timer = setInterval(() => {
      const { isPaused, moment } = store.getState();
      if (!isPaused || moment !== null) setShown(read());
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, [traffic, store, filter]);

  const toggle = (id: number): void => {
    const next = new Set(toggled);
    if (!next.delete(id)) next.add(id);
    setToggled(next);
  };
  return (
    <section className="paths" aria-label="Path statistics">
      <fieldset className="paths-time">
        <legend className="visually-hidden">Times shown</legend>
        <Choice time="sinceStart" shown={time} onChoose={setTime} text="since the first hop" />
        <Choice time="roundTrip" shown={time} onChoose={setTime} text="round trip from the hop" />
      </fieldset>
      {filter !== '' && (
        <p className="paths-empty">Only what matches the filter is counted, as far back as exchanges are held.</p>
      )}
      {paths.length === 0 && <p className="paths-empty">A path is counted when its first exchange is over.</p>}
      <ul>
        {paths.map((path, i) => (
          <li key={path.id}>
            <PathTable
              path={path}
              time={time}
              sort={sort}
              onSort={setSort}
              isOpen={toggled.has(path.id) !== i < OPEN_AT_FIRST}
              onToggle={() => toggle(path.id)}
            />
          </li>
        ))}
      </ul>
      {forgotten > 0 && (
        <p className="paths-empty">
          {`${formatCount(forgotten)} more ${forgotten === 1 ? 'path was' : 'paths were'} forgotten: only the latest ${plural(paths.length, 'path')} fit.`}
        </p>
      )}
    </section>
  );
}

interface ChoiceProps {
  readonly time: TimeChoice;
  readonly shown: TimeChoice;
  readonly text: string;
  readonly onChoose: (time: TimeChoice) => void;
}

function Choice({ time, shown, text, onChoose }: ChoiceProps) {
  return (
    <label>
      <input type="radio" name="path-time" checked={time === shown} onChange={() => onChoose(time)} />
      {text}
    </label>
  );
}
