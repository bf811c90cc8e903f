import { ChevronsRight } from 'lucide-react';
import { useEffect, useState } from 'react';
import { formatAge, formatClock } from '../lib/format.ts';
import type { Moment } from '../store/store.ts';
import { usePage, usePageState } from './page.ts';

/** Which moment is shown when it is not now, and the way back. */
export function MomentChip() {
  const { time } = usePage();
  const moment = usePageState((state) => state.moment);
  const isPaused = usePageState((state) => state.isPaused);
  const recording = usePageState((state) => state.recording);
  const [, setNow] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  if (moment === null && !isPaused) return null;
  if (recording !== null) return <OfRecording isOwn={recording.isOwn} moment={moment} />;
  const agoMs = moment === null ? 0 : (time.held?.toMs ?? moment.atMs) - moment.atMs;
  return (
    <>
      {moment !== null && (
        <span className="chip moment">
          {moment.progress < 1 ? (
            <progress value={moment.progress} aria-label="Getting there" />
          ) : (
            <>
              <b>{formatAge(agoMs)} ago</b>
              <span className="chip-more">{formatClock(moment.atMs)}</span>
            </>
          )}
        </span>
      )}
      <button
        type="button"
        className="button button-live"
        onClick={() => time.goLive()}
        title="Show what happens now (n)"
      >
        <ChevronsRight size={15} /> Go live
      </button>
    </>
  );
}

function OfRecording({ isOwn, moment }: { isOwn: boolean; moment: Moment | null }) {
  const { time } = usePage();
  return (
    <>
      {moment !== null && moment.progress < 1 && (
        <span className="chip moment">
          <progress value={moment.progress} aria-label="Getting there" />
        </span>
      )}
      {!isOwn && (
        <button
          type="button"
          className="button button-live"
          onClick={() => time.goLive()}
          title="Close the recording and show what happens now (n)"
        >
          <ChevronsRight size={15} /> Back to live
        </button>
      )}
    </>
  );
}
