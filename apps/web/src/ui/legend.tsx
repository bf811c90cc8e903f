import { useEffect, useState } from 'react';
import { formatCount } from '../lib/format.ts';
import { usePage } from './page.ts';

const REFRESH_MS = 500;

export function Legend() {
  return (
    <div className="legend">
      <span className="legend-request">● request</span>
      <span className="legend-reply">◆ reply</span>
      <span className="legend-error">▲ error</span>
      <span className="legend-drop">✕ drop</span>
      <Bundles />
    </div>
  );
}

/** Says so when one dot stands for several packets. */
function Bundles() {
  const { scene } = usePage();
  const [text, setText] = useState('');
  useEffect(() => {
    const timer = setInterval(() => {
      const { dots, packets } = scene.inFlight;
      const each = Math.round(packets / Math.max(1, dots));
      setText(
        packets === dots
          ? ''
          : `${formatCount(packets)} packets in ${formatCount(dots)} dots · 1 dot ≈ ${formatCount(each)} packets`,
      );
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, [scene]);
  return text === '' ? null : <b>{text}</b>;
}
