import { useEffect, useRef, useState } from 'react';
import { usePage, usePageState } from '../page.ts';
import { say } from '../toast.tsx';

/** What its author says of an incident, before it becomes a file. */
export function IncidentDialog({ onClose }: { onClose: () => void }) {
  const { recordings } = usePage();
  const dialog = useRef<HTMLDialogElement>(null);
  const [isBusy, setBusy] = useState(false);
  const isRedacted = usePageState((state) => state.isRedacted);
  const range = usePageState((state) => state.range);
  const selected = usePageState((state) => state.selected);
  useEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
  }, []);
  const save = async (form: FormData): Promise<void> => {
    setBusy(true);
    const text = (name: string): string => String(form.get(name) ?? '').trim();
    try {
      say(await recordings.shareIncident({ title: text('title'), notes: text('notes') }));
      onClose();
    } catch (error) {
      say(`Not made: ${error instanceof Error ? error.message : String(error)}`);
      setBusy(false);
    }
  };
  return (
    <dialog className="help incident-dialog" ref={dialog} onClose={onClose} aria-labelledby="incident-title">
      <h2 id="incident-title">Share as one page</h2>
      <p>
        A single HTML file with the map, every exchange and the replay. It opens in any browser, without Hopscope and
        without a network.
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save(new FormData(event.currentTarget));
        }}
      >
        <label>
          Title
          <input name="title" maxLength={200} autoComplete="off" />
        </label>
        <label>
          Notes
          <textarea name="notes" maxLength={5000} rows={4} />
        </label>
        <ul className="hint">
          <li>
            {range === null
              ? 'It holds all that is held now: select a time to share less.'
              : 'It holds the selected time.'}
          </li>
          <li>
            {selected === null
              ? 'It begins at its start: select an exchange to begin with it.'
              : 'It begins with the selected exchange.'}
          </li>
          <li>
            {isRedacted
              ? 'With stand-ins for addresses and names; title and notes stay as you write them.'
              : 'With real addresses and names: switch redaction on under Display to share stand-ins.'}
          </li>
        </ul>
        <div className="dialog-buttons">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button" disabled={isBusy}>
            {isBusy ? 'Making it…' : 'Save the page'}
          </button>
        </div>
      </form>
    </dialog>
  );
}
