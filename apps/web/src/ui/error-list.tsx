import type { Exchange } from '@hopscope/model';
import { errorWords } from '../store/words.ts';
import { usePageState } from './page.ts';

/** ICMP errors about it: which, from where, quoting what. */
export function ErrorList({ exchange }: { exchange: Exchange }) {
  const names = usePageState((state) => state.names);
  if (exchange.errors.length === 0) return null;
  return (
    <ul className="errors" aria-label="ICMP errors about it">
      {exchange.errors.map((journey) => {
        const { text, from, quotes, mtu, at } = errorWords(exchange, journey, names);
        return (
          <li key={journey.id}>
            <p>
              <span className="legend-error" aria-hidden="true">
                ▲
              </span>{' '}
              <b>{text}</b> from {from}
              {at !== '' && `, when the packet was at ${at}`}
              {mtu !== null && `: at most ${mtu} bytes pass`}
            </p>
            {quotes !== '' && <p className="errors-quoted">quoting {quotes}</p>}
          </li>
        );
      })}
    </ul>
  );
}
