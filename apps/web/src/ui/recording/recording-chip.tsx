import { OnDemand, onDemand } from '../on-demand.tsx';
import { usePageState } from '../page.ts';
import { Popover } from '../popover.tsx';

const facts = onDemand(() => import('./recording-facts.tsx').then((file) => file.RecordingFacts));

/** That what is shown comes from a file, of when, and all else there is to say about it. */
export function RecordingChip() {
  const played = usePageState((state) => state.hello?.recording);
  const isFile = usePageState((state) => state.recording !== null);
  // What its author says is the first thing to be read.
  const isCover = usePageState(
    ({ recording }) => recording?.isOwn === true && (recording.title !== '' || recording.notes !== ''),
  );
  if (played === undefined) return null;
  const label = `from ${played.created.slice(0, 16).replace('T', ' ')} UTC`;
  if (!isFile) {
    return (
      <span className="chip" title={played.notes || 'What is drawn here comes from a file.'}>
        {label}
      </span>
    );
  }
  return (
    <Popover
      label={label}
      className="chip chip-button"
      title="What this recording is"
      ariaLabel={`${label}: about it`}
      isOpenAtFirst={isCover}
    >
      <OnDemand part={facts} with={{}} />
    </Popover>
  );
}
