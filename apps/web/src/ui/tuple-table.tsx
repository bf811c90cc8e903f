import type { Crossing, Exchange, Tuple } from '@hopscope/model';
import { journeysOf, tupleEnds } from '../store/exchange-words.ts';
import { usePageState } from './page.ts';

interface Row {
  readonly key: string;
  readonly tuple: Tuple;
  /** The one that it wore before in this direction. */
  readonly before: Tuple | null;
  readonly where: Crossing | undefined;
}

function rowsOf(exchange: Exchange): Row[] {
  const crossings = journeysOf(exchange).flatMap((journey) => journey.crossings);
  return exchange.tuples.map((tuple, i) => {
    const before = exchange.tuples.slice(0, i).findLast(({ direction }) => direction === tuple.direction) ?? null;
    return {
      key: `${i} ${tuple.direction}`,
      tuple,
      before,
      where: crossings.find(({ device }) => device === tuple.device),
    };
  });
}

const MARKS = { request: '●', reply: '◆', error: '▲' } as const;

/** Every pair of addresses that it wore, where address translation changed them. */
export function TupleTable({ exchange }: { exchange: Exchange }) {
  const names = usePageState((state) => state.names);
  const rows = rowsOf(exchange);
  if (rows.every(({ before }) => before === null)) return null;
  return (
    <section className="section" aria-label="Addresses it wore">
      <h3>Address translation</h3>
      <table className="tuples">
        <tbody>
          {rows.map(({ key, tuple, before, where }) => (
            <tr key={key}>
              <td className={`legend-${tuple.direction}`} title={tuple.direction}>
                <span aria-hidden="true">{MARKS[tuple.direction]}</span>
                <span className="visually-hidden">{tuple.direction}</span>
              </td>
              <td>
                <Ends tuple={tuple} before={before} />
                <span className="tuples-where">
                  {before === null ? 'first seen' : `${changesText(before, tuple)}, first seen`}
                  {where !== undefined && ` at ${where.ifname} in ${names.namespace(where.netns)}`}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Ends({ tuple, before }: { tuple: Tuple; before: Tuple | null }) {
  const [src, dst, id] = tupleEnds(tuple);
  const [oldSrc, oldDst, oldId] = before === null ? [src, dst, id] : tupleEnds(before);
  return (
    <span className="tuples-ends">
      <Part text={src} old={oldSrc} /> → <Part text={dst} old={oldDst} /> {id !== '' && <Part text={id} old={oldId} />}
    </span>
  );
}

/** `source was 172.17.0.2` */
function changesText(before: Tuple, now: Tuple): string {
  const is = tupleEnds(now);
  const changes = tupleEnds(before).map((old, i) => (old === is[i] ? '' : `${ENDS[i]} was ${old}`));
  return changes.filter(Boolean).join(', ');
}

const ENDS = ['source', 'destination', 'id'] as const;

/** What changed is marked, and says what it was. */
function Part({ text, old }: { text: string; old: string }) {
  return text === old ? text : <mark title={`was ${old}`}>{text}</mark>;
}
