import type { Crossing, Exchange, Tunnel } from '@hopscope/model';
import { endText, journeysOf } from '../store/exchange-words.ts';
import { tunnelText } from '../store/hop-words.ts';
import { usePageState } from './page.ts';

interface Nesting {
  readonly outer: readonly Tunnel[];
  readonly inner: string;
  readonly crossings: Crossing[];
}

/** Each different wrapping with the devices that it was seen at. */
function nestingsOf(exchange: Exchange): Nesting[] {
  const found = new Map<string, Nesting>();
  for (const crossing of journeysOf(exchange).flatMap((journey) => journey.crossings)) {
    const { outer, src, dst, ports, protocol } = crossing.packet;
    if (outer.length === 0) continue;
    const ends = `${endText(src, ports?.src ?? null)} → ${endText(dst, ports?.dst ?? null)}`;
    const inner = `${protocol}, ${ends}`;
    const key = `${outer.map(tunnelText).join('|')}|${inner}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { outer, inner, crossings: [crossing] });
    else known.crossings.push(crossing);
  }
  return [...found.values()];
}

/** What carried it, the outermost header first. */
export function TunnelList({ exchange }: { exchange: Exchange }) {
  const names = usePageState((state) => state.names);
  const nestings = nestingsOf(exchange);
  if (nestings.length === 0) return null;
  return (
    <section className="section" aria-label="Tunnels that carried it">
      <h3>Inside a tunnel</h3>
      {nestings.map(({ outer, inner, crossings }) => (
        <div key={`${outer.map(tunnelText).join()} ${inner}`} className="tunnels">
          {[...outer.map(tunnelText), inner].map((text, depth) => (
            <p key={text} style={{ marginLeft: depth * 14 }}>
              {depth > 0 && <span aria-hidden="true">└ </span>}
              {text}
            </p>
          ))}
          <p className="tuples-where">
            at {[...new Set(crossings.map(({ ifname, netns }) => `${ifname} in ${names.namespace(netns)}`))].join(', ')}
          </p>
        </div>
      ))}
    </section>
  );
}
