import { Info, TriangleAlert, X } from 'lucide-react';
import { usePage, usePageState } from './page.ts';

const SHOWN = 2;

/** What the agent wants known: there until it is put away. */
export function Notices() {
  const { actions } = usePage();
  const notices = usePageState((state) => state.notices);
  if (notices.length === 0) return null;
  return (
    <ul className="notices" aria-label="Notices from the agent">
      {notices.slice(-SHOWN).map((notice) => (
        <li key={notice.key} className={`notice notice-${notice.level}`}>
          {notice.level === 'info' ? <Info size={15} /> : <TriangleAlert size={15} />}
          <span>{notice.text}</span>
          <button
            type="button"
            onClick={() => actions.dismissNotice(notice.key)}
            aria-label="Put this notice away"
            title="Put away"
          >
            <X size={14} />
          </button>
        </li>
      ))}
    </ul>
  );
}
