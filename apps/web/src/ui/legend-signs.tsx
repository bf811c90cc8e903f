import { KIND_WORDS, type KindSign, signOf } from '../graph/device-kinds.ts';
import { cloudPath, GLYPHS } from '../render/glyphs.ts';
import { usePageState } from './page.ts';

const WIRES: readonly { readonly kind: string; readonly words: string }[] = [
  { kind: 'veth', words: 'veth pair, or a port in its bridge' },
  { kind: 'lower', words: 'rides on: vlan, macvlan, tunnel' },
  { kind: 'uplink', words: 'leads out of this machine' },
];

/** What every sign on the map is; kinds that this machine has come first. */
export function LegendSigns() {
  const topology = usePageState((state) => state.topology);
  const present = new Set(topology.namespaces.flatMap(({ links }) => links.map(signOf)));
  const kinds = Object.keys(KIND_WORDS) as KindSign[];
  const ordered = [...kinds.filter((kind) => present.has(kind)), ...kinds.filter((kind) => !present.has(kind))];
  return (
    <div className="legend-signs">
      <h3>Packets</h3>
      <ul>
        <Sign text="●" className="legend-request" words="echo request" />
        <Sign text="■" className="legend-request" words="UDP or TCP packet" />
        <Sign text="◆" className="legend-reply" words="echo reply" />
        <Sign text="▲" className="legend-error" words="ICMP error" />
        <Sign text="✕" className="legend-drop" words="dropped here" />
        <Sign text="●×9" className="legend-request" words="one dot for nine packets of one way" />
      </ul>
      <h3>Interfaces</h3>
      <ul>
        {ordered.map((kind) => (
          <li key={kind} className={present.has(kind) ? '' : 'is-absent'}>
            <svg width="26" height="16" viewBox="-13 -8 26 16" aria-hidden="true">
              <path className="glyph" d={GLYPHS[kind]} />
            </svg>
            {KIND_WORDS[kind]}
            {!present.has(kind) && <span className="hint"> (none here)</span>}
          </li>
        ))}
      </ul>
      <h3>Ways</h3>
      <ul>
        {WIRES.map(({ kind, words }) => (
          <li key={kind}>
            <svg width="26" height="16" viewBox="0 0 26 16" aria-hidden="true">
              <path className={`wire wire-${kind}`} d="M0 8H26" />
            </svg>
            {words}; the thicker, the more packets a second
          </li>
        ))}
        <li>
          <svg width="26" height="16" viewBox="0 0 26 16" aria-hidden="true">
            <path className="wire wire-stack" d="M0 8H26" />
            <path className="wire-default" d="M8 8L17 3V13Z" />
          </svg>
          the default route leaves by this interface
        </li>
        <li>
          <svg width="26" height="16" viewBox="-1 -1 28 18" aria-hidden="true" className="outside">
            <path className="cloud" d={cloudPath(26, 16)} />
          </svg>
          outside: everything beyond this machine, with the gateway to it
        </li>
        <Sign text="gw of 3" className="legend-tag" words="the default gateway of three namespaces" />
        <Sign text="⚠" className="text-wait" words="something does not fit together: point at it" />
      </ul>
    </div>
  );
}

function Sign({ text, className, words }: { text: string; className: string; words: string }) {
  return (
    <li>
      <span className={`legend-sign ${className}`} aria-hidden="true">
        {text}
      </span>
      {words}
    </li>
  );
}
