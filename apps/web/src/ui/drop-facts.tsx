import type { Drop, Exchange } from '@hopscope/model';
import type { Evidence } from '@hopscope/protocol';
import { type EvidenceRow, evidenceRows } from '../store/evidence-words.ts';
import { dropPlace } from '../store/words.ts';
import { CopyButton } from './copy-button.tsx';
import { usePageState } from './page.ts';
import { Value } from './value.tsx';

interface Fact {
  readonly label: string;
  readonly value: string;
  readonly title?: string;
  /** What a filter calls it. */
  readonly field?: string;
}

/** What the kernel said about the drop, and what was found around it; or why a request that arrived got no answer. */
export function DropFacts({ exchange, evidence }: { exchange: Exchange; evidence: Evidence }) {
  const names = usePageState((state) => state.names);
  const { drop } = exchange;
  const { main, more } = evidenceRows(evidence);
  if (drop === null && main.length === 0) return null;
  const said: Fact[] = drop === null ? [] : saidAbout(drop, dropPlace(exchange, names));
  return (
    <div className="drop-facts">
      <FactTable caption="Evidence around the drop" facts={[...said, ...main.map(factOf)]} />
      {more.length > 0 && (
        <details>
          <summary>{`How things stood: ${more.length} more facts`}</summary>
          <FactTable caption="More facts around the drop" facts={more.map(factOf)} />
        </details>
      )}
    </div>
  );
}

const saidAbout = ({ reason, location }: Drop, where: string): Fact[] => [
  { label: 'reason', value: reason, title: 'the kernel’s own name for it', field: 'hop.reason' },
  { label: 'where', value: where },
  ...(location === ''
    ? []
    : [{ label: 'kernel', value: location, title: 'the function that dropped it', field: 'hop.location' }]),
];

const factOf = ({ key, label, value }: EvidenceRow): Fact => ({ label, value, title: key });

function FactTable({ caption, facts }: { caption: string; facts: readonly Fact[] }) {
  return (
    <table className="facts">
      <caption className="visually-hidden">{caption}</caption>
      <tbody>
        {facts.map(({ label, value, title, field }) => (
          <tr key={title ?? label}>
            <td className="facts-label" title={title}>
              {label}
            </td>
            <td className="facts-value">{field === undefined ? value : <Value field={field} value={value} />}</td>
            <td className="facts-copy">
              <CopyButton text={value} what={`${label}: ${value}`} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
