import { type CSSProperties, useEffect, useState } from 'react';
import { flowWidth, heatOf } from '../graph/flow.ts';
import { formatCount } from '../lib/format.ts';
import type { Scene } from '../render/scene-api.ts';
import { OnDemand, onDemand } from './on-demand.tsx';
import { usePage, usePageState } from './page.ts';
import { Popover } from './popover.tsx';

const signs = onDemand(() => import('./legend-signs.tsx').then((file) => file.LegendSigns));
const REFRESH_MS = 500;

export function Legend() {
  const hasData = usePageState((state) => state.hasData);
  return (
    <div className="legend">
      <span className="legend-request">● request</span>
      {hasData && <span className="legend-request">■ UDP, TCP</span>}
      <span className="legend-reply">◆ reply</span>
      <span className="legend-error">▲ error</span>
      <span className="legend-drop">✕ drop</span>
      <WireWidths />
      <HeatScale />
      <Popover label="What is what" className="legend-button" title="Every sign on the map">
        <OnDemand part={signs} with={{}} />
      </Popover>
      <Uncertain />
      <Bundles />
    </div>
  );
}

const SHOWN_RATES = [1, 100, 10_000];

/** What the thickness of a wire says. */
function WireWidths() {
  return (
    <span className="legend-wires" title="The thickness of a wire: packets a second, in steps of ten">
      {SHOWN_RATES.map((rate) => (
        <span key={rate}>
          <svg width="18" height="10" aria-hidden="true">
            <path d="M0 5H18" strokeWidth={flowWidth(rate) ?? 0} />
          </svg>
          {formatCount(rate)}
        </span>
      ))}
      packets/s
    </span>
  );
}

const HEAT_RATES = [0, ...SHOWN_RATES];

/** What the colour of a namespace says; to be seen only from so far that they have one. */
function HeatScale() {
  return (
    <span className="legend-heat" title="The colour of a namespace: packets a second on all its interfaces">
      {HEAT_RATES.map((rate) => (
        <span key={rate}>
          <i style={{ '--heat': `${Math.round(heatOf(rate))}%` } as CSSProperties} />
          {formatCount(rate)}
        </span>
      ))}
      packets/s in a namespace
    </span>
  );
}

/** Why the selected path is drawn broken. */
function Uncertain() {
  const selected = usePageState((state) => state.selected);
  if (selected?.verdict === 'ambiguous') return <b>┄ ambiguous: more than one packet fits</b>;
  return selected?.incomplete === true ? <b className="text-bad">┄ ◌ incomplete: hops were missed</b> : null;
}

/** Says so when one dot stands for several packets. */
function Bundles() {
  const { scene } = usePage();
  const [text, setText] = useState('');
  useEffect(() => {
    const timer = setInterval(() => {
      setText(bundleText(scene.inFlight));
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, [scene]);
  return text === '' ? null : <b>{text}</b>;
}

/** `1 dot = 250 packets`; where they differ, each says its own number beside it. */
function bundleText({ dots, packets, largest }: Scene['inFlight']): string {
  if (packets === dots) return '';
  const most = formatCount(largest);
  const each = packets === dots * largest ? most : `1 to ${most}`;
  return `1 dot = ${each} packets (×N beside it) · ${formatCount(packets)} packets in ${formatCount(dots)} dots`;
}
