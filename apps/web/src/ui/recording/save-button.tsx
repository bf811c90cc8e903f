import { Download } from 'lucide-react';
import { usePage, usePageState } from '../page.ts';

/** What is held becomes a file that can be opened again. */
export function SaveButton() {
  const { recordings } = usePage();
  const isRecording = usePageState((state) => state.recording !== null);
  const isNothing = usePageState((state) => state.hello === null);
  if (isNothing) return null;
  const what = isRecording ? 'this recording' : 'the last minutes as a recording';
  return (
    <button
      type="button"
      className="timeline-save"
      onClick={() => void recordings.save()}
      title={`Save ${what} (.hops)`}
      aria-label={`Save ${what}`}
    >
      <Download size={13} /> Save
    </button>
  );
}
