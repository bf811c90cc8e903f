import { breaksPaths } from '@hopscope/model';
import { formatCount, plural } from '../lib/format.ts';
import type { PageLedger } from '../store/account.ts';
import { IDENTITY_FULL, RECURSION_MISSES, type StageWords, stageWords, UNEXPLAINED } from '../store/stage-words.ts';
import { CopyButton } from './copy-button.tsx';
import { usePageState } from './page.ts';
import { Popover } from './popover.tsx';

interface Line extends StageWords {
  readonly stage: string;
  readonly count: number;
}

function linesOf({ stages, sampledOneIn }: PageLedger): Line[] {
  return stages.map(({ stage, lost }) => ({ stage, count: lost, ...stageWords(stage, sampledOneIn) }));
}

/** What is no record and leaves holes in paths all the same. */
function holesOf({ identityFull, recursionMisses }: PageLedger): Line[] {
  const all = [
    { stage: IDENTITY_FULL, count: identityFull },
    { stage: RECURSION_MISSES, count: recursionMisses },
  ];
  return all.filter(({ count }) => count > 0).map((each) => ({ ...each, ...stageWords(each.stage, 1) }));
}

/** Of every hop since this page listened: how many it has, and where the others went. */
export function LedgerChip() {
  const ledger = usePageState((state) => state.ledger);
  const { seen, delivered, missed } = ledger;
  const lost = linesOf(ledger);
  const holes = holesOf(ledger);
  // What leaves holes in paths comes before what was left out on purpose.
  const byCount = [...lost].sort((a, b) => b.count - a.count);
  const isKnown = ({ stage }: Line): boolean => breaksPaths(stage) && stage !== UNEXPLAINED;
  const worst = [...byCount.filter(isKnown), ...holes, ...byCount.filter((line) => !isKnown(line))];
  const isWhole = worst.length === 0;
  const label = (
    <span className="ledger-label">
      <span className={isWhole ? 'mark-good' : 'mark-bad'} aria-hidden="true">
        {isWhole ? '✓' : '✕'}
      </span>{' '}
      <span className="chip-more">
        {formatCount(seen)} seen · {formatCount(delivered)} delivered ·{' '}
      </span>
      <b className={isWhole ? '' : 'text-bad'}>{formatCount(missed)} missed</b>
      {worst[0] !== undefined && (
        <span className="text-bad">
          {' '}
          · {worst[0].short}
          {worst.length > 1 && ` +${worst.length - 1}`}
        </span>
      )}
    </span>
  );
  return (
    <Popover
      label={label}
      align="right"
      className={`chip chip-button ${isWhole ? 'chip-good' : 'chip-bad'}`}
      title="Hops the kernel reported since this page listened"
    >
      <table className="ledger">
        <caption>Hops since this page listened</caption>
        <tbody>
          <Row name="seen in the kernel" count={seen} />
          <Row name="delivered to this page" count={delivered} />
          {lost.map(({ stage, name, count }) => (
            <Row key={stage} className="text-bad" name={name} count={count} />
          ))}
          <Row className="ledger-sum" name="missed" count={missed} />
          {holes.map(({ stage, name, count }) => (
            <Row key={stage} className="text-bad" name={name} count={count} />
          ))}
        </tbody>
      </table>
      <p className="hint">
        {isWhole
          ? 'Nothing is missing: every packet that was traced is on this page.'
          : `${plural(missed, 'hop')} never got here. An exchange whose path may have a hole by it is marked incomplete.`}
      </p>
    </Popover>
  );
}

function Row({ name, count, className }: { name: string; count: number; className?: string }) {
  return (
    <tr className={className}>
      <th scope="row">{name}</th>
      <td>{formatCount(count)}</td>
      <td className="ledger-copy">
        <CopyButton text={String(count)} what={name} />
      </td>
    </tr>
  );
}
