import { type KeyboardEvent, type ReactNode, useEffect, useRef } from 'react';

/** Where a menu opens, in page coordinates: below the box, or at the point. */
export interface MenuAnchor {
  readonly left: number;
  readonly top: number;
  readonly bottom: number;
}

interface MenuProps {
  readonly label: string;
  readonly anchor: MenuAnchor;
  readonly className?: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

const MARGIN = 8;

/** A menu on top of everything, of the browser's own making: Escape and a click elsewhere close it, and the focus goes back. */
export function Menu({ label, anchor, className = '', onClose, children }: MenuProps) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const menu = element.current;
    if (menu === null) return;
    if (!menu.matches(':popover-open')) menu.showPopover();
    const { width, height } = menu.getBoundingClientRect();
    const isRoomBelow = anchor.bottom + height + MARGIN <= innerHeight;
    const top = isRoomBelow
      ? anchor.bottom
      : Math.max(MARGIN, Math.min(anchor.top - height, innerHeight - height - MARGIN));
    menu.style.left = `${Math.max(MARGIN, Math.min(anchor.left, innerWidth - width - MARGIN))}px`;
    menu.style.top = `${top}px`;
    itemsOf(menu)[0]?.focus();
  }, [anchor]);
  return (
    <div
      ref={element}
      className={`menu ${className}`}
      popover="auto"
      role="menu"
      tabIndex={-1}
      aria-label={label}
      onKeyDown={moveFocus}
      onToggle={({ newState }) => newState === 'closed' && onClose()}
    >
      {children}
    </div>
  );
}

const itemsOf = (menu: Element): HTMLElement[] => [
  ...menu.querySelectorAll<HTMLElement>('[role^="menuitem"]:not(:disabled)'),
];

function moveFocus(event: KeyboardEvent<HTMLDivElement>): void {
  const items = itemsOf(event.currentTarget);
  const at = items.indexOf(document.activeElement as HTMLElement);
  const to = {
    ArrowDown: at + 1,
    ArrowRight: at + 1,
    ArrowUp: at - 1,
    ArrowLeft: at - 1,
    Home: 0,
    End: items.length - 1,
    Tab: at + (event.shiftKey ? -1 : 1),
  }[event.key];
  event.stopPropagation();
  if (to === undefined) return;
  event.preventDefault();
  items[(to + items.length) % items.length]?.focus();
}

interface MenuItemProps {
  readonly children: ReactNode;
  /** Where the text alone does not say it. */
  readonly label?: string;
  readonly title?: string;
  readonly onChoose: () => void;
}

/** Choosing closes the menu. */
export function MenuItem({ children, label, title, onChoose }: MenuItemProps) {
  return (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      aria-label={label}
      title={title}
      onClick={(event) => {
        event.currentTarget.closest<HTMLElement>('[popover]')?.hidePopover();
        // The focus is back where the menu was opened. Who uses the mouse does not want it there: it would take the space bar.
        if (event.detail > 0 && document.activeElement instanceof HTMLElement) document.activeElement.blur();
        onChoose();
      }}
    >
      {children}
    </button>
  );
}
