import { useEffect, useState } from 'react';
import type { MenuAnchor } from './menu.tsx';
import { OnDemand, onDemand } from './on-demand.tsx';

const subjectMenu = onDemand(() => import('./subject-menu.tsx').then((file) => file.SubjectMenu));

interface Opened {
  readonly element: Element;
  readonly anchor: MenuAnchor;
}

/** Elements that stand for something; `menu-subject.ts` knows what for. */
const TELLING = '[data-field], [data-exchange], [data-device], [data-netns]';

/** The menu of every value on the page: right click, Shift+F10 or the menu key on it, or a click on its button. */
export function ValueMenu() {
  const [opened, setOpened] = useState<Opened | null>(null);

  useEffect(() => {
    function open(event: MouseEvent, element: Element): void {
      const telling = element.closest(TELLING);
      if (telling === null) return;
      event.preventDefault();
      const box = element.getBoundingClientRect();
      const isPointed = event.button === 2;
      const { clientX: left, clientY: top } = event;
      setOpened({
        element: telling,
        anchor: isPointed ? { left, top, bottom: top } : { left: box.left, top: box.top, bottom: box.bottom },
      });
    }
    const onMenu = (event: MouseEvent): void => {
      // The browser's own menu stays where text is written, and with Shift everywhere.
      if (
        !(event.target instanceof Element) ||
        (event.shiftKey && event.button === 2) ||
        event.target.closest('input, [role="menu"]') !== null
      )
        return;
      open(event, event.target);
    };
    const onClick = (event: MouseEvent): void => {
      const button = event.target instanceof Element ? event.target.closest('[data-menu]') : null;
      if (button !== null) open(event, button);
    };
    document.addEventListener('contextmenu', onMenu);
    document.addEventListener('click', onClick);
    return () => {
      document.removeEventListener('contextmenu', onMenu);
      document.removeEventListener('click', onClick);
    };
  }, []);

  return opened === null ? null : <OnDemand part={subjectMenu} with={{ ...opened, onClose: () => setOpened(null) }} />;
}
