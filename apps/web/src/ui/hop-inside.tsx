import type { Crossing } from '@hopscope/model';
import { Fragment } from 'react';
import { formatDuration } from '../lib/format.ts';
import { joinWords, stageTimes, tunnelText } from '../store/hop-words.ts';
import { Ends } from './ends.tsx';
import { Value } from './value.tsx';

/** What happened inside one hop: the kernel's stages with their times, and what the headers said there. */
export function HopInside({ crossing, rttNs }: { crossing: Crossing; rttNs: number | null | undefined }) {
  const { packet, hops } = crossing;
  const first = hops[0];
  const facts: readonly { field: string; value: number; text: string }[] = [
    { field: 'ip.ttl', value: packet.ttl, text: `ttl ${packet.ttl}` },
    ...(first === undefined ? [] : [{ field: 'frame.len', value: first.len, text: `${first.len} bytes` }]),
    ...packet.vlans.map((vlan) => ({ field: 'vlan.id', value: vlan, text: `vlan ${vlan}` })),
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
        <Ends of={packet} />
        {facts.map(({ field, value, text }) => (
          <Fragment key={text}>
            {' · '}
            <Value field={field} value={String(value)}>
              {text}
            </Value>
          </Fragment>
        ))}
        {packet.fragment !== null && ` · fragment at ${packet.fragment.offsetBytes}`}
      </p>
      {packet.mac !== null && (
        <p>
          <Value field="eth.src" value={packet.mac.src} /> → <Value field="eth.dst" value={packet.mac.dst} />
        </p>
      )}
      <p className="hop-join">
        <code className="detail-tag">
          <Value field="hop.join" value={crossing.join} />
        </code>{' '}
        {joinWords(crossing.join)}
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
