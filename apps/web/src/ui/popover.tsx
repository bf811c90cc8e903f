import { type ReactNode, useEffect, useId, useRef, useState } from 'react';

/** A button with a panel below it; Escape, a click elsewhere or leaving by keyboard closes it. */
export function Popover({
  label,
  className,
  title,
  ariaLabel,
  align = 'left',
  isOpenAtFirst = false,
  children,
}: {
  label: ReactNode;
  className: string;
  title: string;
  /** Where the label is a picture. */
  ariaLabel?: string;
  align?: 'left' | 'right';
  isOpenAtFirst?: boolean;
  children: ReactNode;
}) {
  const [isOpen, setOpen] = useState(isOpenAtFirst);
  const root = useRef<HTMLDivElement>(null);
  const panelId = useId();

  useEffect(() => {
    if (!isOpen) return;
    const onPointer = (event: PointerEvent): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      setOpen(false);
      root.current?.querySelector('button')?.focus();
    };
    const element = root.current;
    const onLeave = (event: FocusEvent): void => {
      if (event.relatedTarget !== null && !element?.contains(event.relatedTarget as Node)) setOpen(false);
    };
    element?.addEventListener('focusout', onLeave);
    document.addEventListener('pointerdown', onPointer);
    document.addEventListener('keydown', onKey, true);
    return () => {
      element?.removeEventListener('focusout', onLeave);
      document.removeEventListener('pointerdown', onPointer);
      document.removeEventListener('keydown', onKey, true);
    };
  }, [isOpen]);

  return (
    <div className="popover" ref={root}>
      <button
        type="button"
        className={className}
        title={title}
        aria-label={ariaLabel}
        aria-expanded={isOpen}
        aria-controls={panelId}
        onClick={() => setOpen(!isOpen)}
      >
        {label}
      </button>
      {isOpen && (
        <div className={`popover-panel popover-${align}`} id={panelId}>
          {children}
        </div>
      )}
    </div>
  );
}
