import type { Crossing, Exchange, Journey } from '@hopscope/model';
import { formatMicros } from '../lib/format.ts';
import { joinTag, joinWords } from '../store/words.ts';
import { usePageState } from './page.ts';

interface Row {
  readonly key: string;
  readonly number: number;
  readonly journey: Journey;
  readonly crossing: Crossing;
  readonly startNs: number;
  /** Until the next hop. */
  readonly endNs: number;
  readonly isFirst: boolean;
}

function buildRows(exchange: Exchange): Row[] {
  const journeys = [exchange.request, exchange.reply, ...exchange.errors].filter((journey) => journey !== null);
  const rows: Row[] = [];
  for (const journey of journeys) {
    for (const [i, crossing] of journey.crossings.entries()) {
      const next = journey.crossings[i + 1]?.t ?? journey.drop?.t ?? crossing.hops[crossing.hops.length - 1]?.t;
      rows.push({
        key: `${journey.id} ${i}`,
        number: rows.length + 1,
        journey,
        crossing,
        startNs: crossing.t - exchange.startNs,
        endNs: Math.max(crossing.t, next ?? crossing.t) - exchange.startNs,
        isFirst: i === 0 && rows.length > 0,
      });
    }
  }
  return rows;
}

/** Every hop with its time since the first: how long until the next one, true to scale. */
export function Waterfall({ exchange }: { exchange: Exchange }) {
  const names = usePageState((state) => state.names);
  const rows = buildRows(exchange);
  const totalNs = Math.max(1, ...rows.map((row) => row.endNs));
  return (
    <table className="waterfall">
      <caption className="visually-hidden">Hops with microseconds since the first</caption>
      <thead>
        <tr>
          <th scope="col">hop</th>
          <th scope="col" aria-label="time to the next hop" />
          <th scope="col">+µs</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.key} className={`${row.isFirst ? 'is-first' : ''} direction-${row.journey.direction}`}>
            <th scope="row" title={`${row.crossing.way === 'out' ? 'sent to' : 'came in at'} ${row.crossing.ifname}`}>
              <span className="waterfall-number">{row.number}</span>
              <span className="waterfall-device">{row.crossing.ifname}</span>
              <span className="waterfall-netns">{names.namespace(row.crossing.netns)}</span>
              {row.crossing.join !== 'same-skb' && (
                <span className="waterfall-join" title={joinWords(row.crossing.join)}>
                  {joinTag(row.crossing.join)}
                </span>
              )}
            </th>
            <td>
              <Bar fromPart={row.startNs / totalNs} toPart={row.endNs / totalNs} />
            </td>
            <td className="waterfall-time">{formatMicros(row.startNs)}</td>
          </tr>
        ))}
        {exchange.drop !== null && (
          <tr className="is-drop">
            <th scope="row">
              <span className="waterfall-number">✕</span>
              <span className="waterfall-device">{exchange.drop.reason}</span>
            </th>
            <td />
            <td className="waterfall-time">{formatMicros(exchange.drop.t - exchange.startNs)}</td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

const MIN_WIDTH = 1.5;

function Bar({ fromPart, toPart }: { fromPart: number; toPart: number }) {
  const width = Math.max(MIN_WIDTH, (toPart - fromPart) * 100);
  const x = Math.min(fromPart * 100, 100 - width);
  return (
    <svg className="waterfall-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect x={x} y="1" width={width} height="8" />
    </svg>
  );
}
