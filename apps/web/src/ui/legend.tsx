import { useEffect, useState } from 'react';
import { flowWidth } from '../graph/flow.ts';
import { formatCount } from '../lib/format.ts';
import { usePage, usePageState } from './page.ts';

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
      const { dots, packets } = scene.inFlight;
      const each = packets / Math.max(1, dots);
      setText(
        packets === dots
          ? ''
          : `${formatCount(packets)} packets in ${formatCount(dots)} dots · 1 dot ≈ ${each < 10 ? each.toFixed(1) : formatCount(Math.round(each))} packets`,
      );
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, [scene]);
  return text === '' ? null : <b>{text}</b>;
}
