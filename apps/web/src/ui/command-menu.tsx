import { Menu as MenuIcon } from 'lucide-react';
import { useState } from 'react';
import { KEYS } from './keys.ts';
import { Menu, type MenuAnchor, MenuItem } from './menu.tsx';
import { usePage, usePageState } from './page.ts';
import { SHARE_GROUPS } from './share-entries.ts';

/** Everything that a key does, for who would rather see it than know it. */
export function CommandMenu({ onHelp }: { onHelp: () => void }) {
  const page = usePage();
  const [anchor, setAnchor] = useState<MenuAnchor | null>(null);
  return (
    <>
      <button
        type="button"
        className="icon-button"
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        onClick={({ currentTarget }) => {
          const { left, top, bottom } = currentTarget.getBoundingClientRect();
          setAnchor({ left, top, bottom: bottom + 6 });
        }}
        title="Everything there is to do, with its keys"
        aria-label="Menu"
      >
        <MenuIcon size={17} />
      </button>
      {anchor !== null && (
        <Menu label="Commands" anchor={anchor} className="commands" onClose={() => setAnchor(null)}>
          {KEYS.map((command) => (
            <MenuItem key={command.does} onChoose={() => command.run(page, onHelp)}>
              <span>{command.does}</span>
              <span className="commands-keys" aria-hidden="true">
                {command.shown.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </span>
            </MenuItem>
          ))}
          <ShareCommands />
        </Menu>
      )}
    </>
  );
}

function ShareCommands() {
  const page = usePage();
  const hasSelection = usePageState((state) => state.selected !== null);
  return SHARE_GROUPS.filter(({ isOfSelection }) => hasSelection || !isOfSelection).flatMap(({ entries }) =>
    entries.map((entry) => (
      <MenuItem key={entry.does} onChoose={() => entry.run(page)}>
        <span>{entry.does}</span>
      </MenuItem>
    )),
  );
}
