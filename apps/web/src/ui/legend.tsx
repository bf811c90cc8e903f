import { useEffect, useState } from 'react';
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
      <Uncertain />
      <Bundles />
    </div>
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
