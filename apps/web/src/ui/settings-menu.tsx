import { Settings2 } from 'lucide-react';
import type { Theme } from '../store/store.ts';
import { usePage, usePageState } from './page.ts';
import { Popover } from './popover.tsx';

const THEMES: readonly { readonly theme: Theme; readonly name: string }[] = [
  { theme: 'system', name: 'as the system' },
  { theme: 'light', name: 'light' },
  { theme: 'dark', name: 'dark' },
  { theme: 'contrast', name: 'high contrast' },
];

/** How the page looks and what it shows of names. */
export function SettingsMenu() {
  const { actions } = usePage();
  const theme = usePageState((state) => state.theme);
  const isRedacted = usePageState((state) => state.isRedacted);
  const isTeaching = usePageState((state) => state.isTeaching);
  return (
    <Popover
      label={<Settings2 size={17} />}
      className="icon-button"
      title="Display"
      ariaLabel="Display: theme, teaching, redaction"
      align="right"
    >
      <fieldset className="settings-group">
        <legend>Theme</legend>
        {THEMES.map(({ theme: each, name }) => (
          <label key={each}>
            <input type="radio" name="theme" checked={each === theme} onChange={() => actions.setTheme(each)} />
            {name}
          </label>
        ))}
      </fieldset>
      <label className="checkbox">
        <input
          type="checkbox"
          checked={isTeaching}
          onChange={(event) => actions.setTeaching(event.target.checked)}
          aria-describedby="teaching-hint"
        />
        Teaching mode
      </label>
      <p className="hint" id="teaching-hint">
        Larger type, slower packets, and a caption that explains what the packet passes.
      </p>
      <button type="button" className="button settings-action" onClick={() => actions.showTable(true)} title="M">
        Show the map as tables
      </button>
      <label className="checkbox">
        <input
          type="checkbox"
          checked={isRedacted}
          onChange={(event) => actions.setRedacted(event.target.checked)}
          aria-describedby="redact-hint"
        />
        Redact addresses, MACs and names
      </label>
      <p className="hint" id="redact-hint">
        Everywhere on this page and in what is copied from it, the same stand-in for the same original. Ends the filter
        and the selection; of what came before, the last three minutes are shown again.
      </p>
    </Popover>
  );
}

/** In sight as long as nothing shown is an original. */
export function RedactedChip() {
  const isRedacted = usePageState((state) => state.isRedacted);
  if (!isRedacted) return null;
  return (
    <span className="chip chip-redacted" title="Addresses, MAC addresses and names are stand-ins; see Display.">
      <span aria-hidden="true">▓ </span>redacted
    </span>
  );
}
