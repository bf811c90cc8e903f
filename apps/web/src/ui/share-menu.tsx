import { Share2 } from 'lucide-react';
import { useState } from 'react';
import { Menu, type MenuAnchor, MenuItem } from './menu.tsx';
import { usePage, usePageState } from './page.ts';
import { SHARE_GROUPS } from './share-entries.ts';

const BUTTON_ID = 'share';

/** Pictures and files of what is shown: for a ticket, a chat, another program. */
export function ShareMenu() {
  const [anchor, setAnchor] = useState<MenuAnchor | null>(null);
  return (
    <>
      <button
        type="button"
        id={BUTTON_ID}
        className="icon-button"
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        onClick={({ currentTarget }) => {
          const { left, top, bottom } = currentTarget.getBoundingClientRect();
          setAnchor({ left, top, bottom: bottom + 6 });
        }}
        title="Share: a picture or a file of it (E)"
        aria-label="Share"
      >
        <Share2 size={17} />
      </button>
      {anchor !== null && (
        <Menu label="Share" anchor={anchor} onClose={() => setAnchor(null)}>
          <ShareGroups />
        </Menu>
      )}
    </>
  );
}

export const openShareMenu = (): void => document.getElementById(BUTTON_ID)?.click();

function ShareGroups() {
  const page = usePage();
  const hasSelection = usePageState((state) => state.selected !== null);
  const isRedacted = usePageState((state) => state.isRedacted);
  const count = usePageState((state) => state.list.ids.length);
  return (
    <>
      {SHARE_GROUPS.filter(({ isOfSelection }) => hasSelection || !isOfSelection).map(({ name, entries }) => (
        <fieldset key={name} className="menu-group menu-copies">
          <legend>{name}</legend>
          {entries.map((entry) => (
            <MenuItem key={entry.name} label={entry.does} onChoose={() => entry.run(page)}>
              {entry.name}
            </MenuItem>
          ))}
        </fieldset>
      ))}
      <p className="hint menu-hint">
        {hasSelection ? '' : 'Select an exchange for its waterfall and its own files. '}
        {count === 0 ? 'No exchange is listed. ' : ''}
        {isRedacted
          ? 'All of it with stand-ins, as on the page.'
          : 'With real addresses and names: switch redaction on under Display to share stand-ins.'}
      </p>
    </>
  );
}
