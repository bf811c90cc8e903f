import type { HeaderChange } from '@hopscope/model';
import { changeWords } from '../store/header-words.ts';

/** What changed in the headers since the last hop: the old value beside the new one. */
export function HopChanges({ changes, family }: { changes: readonly HeaderChange[]; family: 4 | 6 }) {
  return (
    <ul className="changes" aria-label="Changed since the last hop">
      {changes.map((change) => {
        const { key, label, full, before, after } = changeWords(change, family);
        return (
          <li key={key} title={full}>
            <span className="changes-label">{label}</span>{' '}
            {before === '' ? <span className="changes-none">none</span> : <del>{before}</del>}
            <span className="arrow"> → </span>
            {after === '' ? <span className="changes-none">none</span> : <ins>{after}</ins>}
          </li>
        );
      })}
    </ul>
  );
}
