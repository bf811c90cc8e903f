import type { ReactNode } from 'react';

/** A value that a filter knows: a click, or the menu key, opens its menu. */
export function Value({ field, value, children = value }: { field: string; value: string; children?: ReactNode }) {
  return (
    <button
      type="button"
      className="value"
      data-menu
      data-field={field}
      data-value={value}
      aria-haspopup="menu"
      title="Filter by it or copy it"
    >
      {children}
    </button>
  );
}
