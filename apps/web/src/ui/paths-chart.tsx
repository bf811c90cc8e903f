import type { PathReport } from '@hopscope/model';
import { formatDuration, plural } from '../lib/format.ts';
import { tripChart } from '../store/trip-chart.ts';

const WIDTH = 240;
const HEIGHT = 40;

/** Round trips of the latest pings over time, with the percentiles of all of them. */
export function PathChart({ path }: { path: PathReport }) {
  const all = path.hops[0]?.roundTrip ?? null;
  if (path.recent.length === 0) return null;
  const { lines, lost, medianY, mostNs } = tripChart(path.recent, all?.p50Ns ?? null, WIDTH, HEIGHT);
  const percentiles =
    all === null
      ? []
      : ([
          ['p50', all.p50Ns],
          ['p95', all.p95Ns],
          ['p99', all.p99Ns],
        ] as const);
  const text = `Round trips of the latest ${plural(path.recent.length, 'ping')}, up to ${formatDuration(mostNs)}, ${lost.length} not answered`;
  return (
    <div className="trips">
      <svg
        className="trips-plot"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={text}
      >
        <title>{text}</title>
        {medianY !== null && <line className="trips-median" x1="0" x2={WIDTH} y1={medianY} y2={medianY} />}
        {lines.map((points) => (
          // A single point is a line of no length, drawn by its round ends.
          <polyline key={points} points={points.includes(' ') ? points : `${points} ${points}`} />
        ))}
        {lost.map((x) => (
          <line key={x} className="trips-lost" x1={x} x2={x} y1={HEIGHT - 7} y2={HEIGHT} />
        ))}
      </svg>
      <dl className="trips-figures" aria-label="Percentiles of the round trip">
        {percentiles.map(([name, ns]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{formatDuration(ns)}</dd>
          </div>
        ))}
        {lost.length > 0 && (
          <div className="text-bad">
            <dt>✕ lost</dt>
            <dd>{lost.length}</dd>
          </div>
        )}
      </dl>
    </div>
  );
}
