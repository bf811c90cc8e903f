import type { Drop, Exchange } from '@hopscope/model';
import type { Evidence } from '@hopscope/protocol';
import { type EvidenceRow, evidenceRows } from '../store/evidence-words.ts';
import { dropPlace } from '../store/words.ts';
import { CopyButton } from './copy-button.tsx';
import { usePageState } from './page.ts';

interface Fact {
  readonly label: string;
  readonly value: string;
  readonly title?: string;
}

/** What the kernel said about the drop, and what was found around it. */
export function DropFacts({ exchange, drop, evidence }: { exchange: Exchange; drop: Drop; evidence: Evidence }) {
  const names = usePageState((state) => state.names);
  const { main, more } = evidenceRows(evidence);
  const said: Fact[] = [
    { label: 'reason', value: drop.reason, title: 'the kernel’s own name for it' },
    { label: 'where', value: dropPlace(exchange, names) },
    ...(drop.location === '' ? [] : [{ label: 'kernel', value: drop.location, title: 'the function that dropped it' }]),
  ];
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

const factOf = ({ key, label, value }: EvidenceRow): Fact => ({ label, value, title: key });

function FactTable({ caption, facts }: { caption: string; facts: readonly Fact[] }) {
  return (
    <table className="facts">
      <caption className="visually-hidden">{caption}</caption>
      <tbody>
        {facts.map(({ label, value, title }) => (
          <tr key={title ?? label}>
            <td className="facts-label" title={title}>
              {label}
            </td>
            <td className="facts-value">{value}</td>
            <td className="facts-copy">
              <CopyButton text={value} what={`${label}: ${value}`} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
