import type { Crossing } from '@hopscope/model';
import { formatDuration } from '../lib/format.ts';
import { endsText } from '../store/exchange-words.ts';
import { joinWords, stageTimes, tunnelText } from '../store/hop-words.ts';

/** What happened inside one hop: the kernel's stages with their times, and what the headers said there. */
export function HopInside({ crossing, rttNs }: { crossing: Crossing; rttNs: number | null | undefined }) {
  const { packet, hops } = crossing;
  const first = hops[0];
  const facts = [
    `ttl ${packet.ttl}`,
    ...(first === undefined ? [] : [`${first.len} bytes`]),
    ...packet.vlans.map((vlan) => `vlan ${vlan}`),
    ...(packet.fragment === null ? [] : [`fragment at ${packet.fragment.offsetBytes}`]),
  ];
  return (
    <>
      <ol className="stages" aria-label="Stages in the kernel">
        {stageTimes(crossing).map(({ name, title, hop, sinceNs }, i) => (
          <li key={hop.index} title={`${title}, CPU ${hop.cpu}`}>
            {i > 0 && <span className="stages-wait">{` ${formatDuration(sinceNs)} → `}</span>}
            {name}
          </li>
        ))}
      </ol>
      <p>
        {packet.outer.map((tunnel) => `${tunnelText(tunnel)} ⊃ `)}
        {endsText(packet)} · {facts.join(' · ')}
      </p>
      {packet.mac !== null && (
        <p>
          {packet.mac.src} → {packet.mac.dst}
        </p>
      )}
      <p className="hop-join">
        <code className="detail-tag">{crossing.join}</code> {joinWords(crossing.join)}
      </p>
      {rttNs !== undefined && (
        <p>
          {rttNs === null
            ? 'The reply was not seen to come back here.'
            : `Seen from here the reply took ${formatDuration(rttNs)}.`}
        </p>
      )}
    </>
  );
}
