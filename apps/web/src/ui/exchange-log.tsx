import { useEffect, useState } from 'react';
import { logLine } from '../store/log-words.ts';
import { usePage } from './page.ts';

/** A screen reader needs this long for a line. */
const EVERY_MS = 5000;
const LINES = 10;

/** Exchanges as text, for who listens: at most one line every few seconds. */
export function ExchangeLog() {
  const { store, traffic } = usePage();
  const [lines, setLines] = useState<readonly { readonly key: number; readonly text: string }[]>([]);
  useEffect(() => {
    let told = store.getState().list.ids.at(-1) ?? -1;
    let key = 0;
    const timer = setInterval(() => {
      const { list, names, isPaused } = store.getState();
      if (isPaused) return;
      const fresh = list.ids.slice(list.ids.lastIndexOf(told) + 1).flatMap((id) => traffic.exchange(id) ?? []);
      // One that is under way is told when it is over, in a later line.
      const end = fresh.findIndex(({ verdict }) => verdict === 'in-flight');
      const over = end < 0 ? fresh : fresh.slice(0, end);
      if (over.length === 0) return;
      told = over.at(-1)?.id ?? told;
      key++;
      setLines((before) => [...before, { key, text: logLine(over, names) }].slice(-LINES));
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [store, traffic]);
  return (
    <div className="visually-hidden" role="log" aria-live="polite" aria-label="Exchanges as text">
      {lines.map(({ key, text }) => (
        <p key={key}>{text}</p>
      ))}
    </div>
  );
}
