import { formatCount, plural } from '../lib/format.ts';
import { usePageState } from './page.ts';
import { Popover } from './popover.tsx';

/** Of every hop since this page listened: how many it has, and where the others went. */
export function LedgerChip() {
  const { seen, delivered, missed, stages } = usePageState((state) => state.ledger);
  const isWhole = missed === 0;
  const label = (
    <span>
      <span className={isWhole ? 'mark-good' : 'mark-bad'} aria-hidden="true">
        {isWhole ? '✓' : '✕'}
      </span>{' '}
      <span className="chip-more">
        {formatCount(seen)} seen · {formatCount(delivered)} delivered ·{' '}
      </span>
      <b className={isWhole ? '' : 'text-bad'}>{formatCount(missed)} missed</b>
    </span>
  );
  return (
    <Popover
      label={label}
      align="right"
      className={`chip chip-button ${isWhole ? '' : 'chip-bad'}`}
      title="Hops the kernel reported since this page listened"
    >
      <table className="ledger">
        <caption>Hops since this page listened</caption>
        <tbody>
          <tr>
            <th scope="row">seen in the kernel</th>
            <td>{formatCount(seen)}</td>
          </tr>
          <tr>
            <th scope="row">delivered to this page</th>
            <td>{formatCount(delivered)}</td>
          </tr>
          {stages.map((stage) => (
            <tr key={stage.name} className="text-bad">
              <th scope="row">{stage.name}</th>
              <td>{formatCount(stage.lost)}</td>
            </tr>
          ))}
          <tr className="ledger-sum">
            <th scope="row">missed</th>
            <td>{formatCount(missed)}</td>
          </tr>
        </tbody>
      </table>
      <p className="hint">
        {isWhole
          ? 'Nothing is missing: every packet that was traced is on this page.'
          : `${plural(missed, 'hop')} never got here. Exchanges under way at that time are marked incomplete.`}
      </p>
    </Popover>
  );
}
