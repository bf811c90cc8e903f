import { type Exchange, segmentsOf } from '@hopscope/model';
import { formatMicros } from '../lib/format.ts';
import { usePageState } from './page.ts';

/** Each stretch between two devices: how long out, how long back. */
export function SegmentTable({ exchange }: { exchange: Exchange }) {
  const names = usePageState((state) => state.names);
  // A packet in a loop takes the same stretch more than once.
  const segments = segmentsOf(exchange).map((segment, i) => ({ ...segment, key: `${i} ${segment.from.device}` }));
  if (segments.length === 0) return null;
  const hasBack = exchange.reply !== null;
  const most = Math.max(...segments.flatMap(({ outNs, backNs }) => [outNs, backNs ?? 0]));
  return (
    <details className="section">
      <summary>Time of each stretch{hasBack ? ', out and back' : ''}</summary>
      <table className="figures">
        <thead>
          <tr>
            <th scope="col">from → to</th>
            <th scope="col">out µs</th>
            {hasBack && <th scope="col">back µs</th>}
          </tr>
        </thead>
        <tbody>
          {segments.map(({ key, from, to, outNs, backNs }) => (
            <tr key={key}>
              <td
                title={`${from.ifname} in ${names.namespace(from.netns)} → ${to.ifname} in ${names.namespace(to.netns)}`}
              >
                {from.ifname} <span className="arrow">→</span> {to.ifname}
              </td>
              <Figure ns={outNs} most={most} />
              {hasBack && <Figure ns={backNs} most={most} />}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function Figure({ ns, most }: { ns: number | null; most: number }) {
  if (ns === null) return <td title="The reply was not seen to go this way">–</td>;
  return <td className={ns === most ? 'is-most' : ''}>{formatMicros(ns)}</td>;
}
