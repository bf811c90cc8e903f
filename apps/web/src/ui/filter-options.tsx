import type { Completion } from '@hopscope/model';
import { useLayoutEffect, useRef } from 'react';

export const optionId = (index: number): string => `filter-option-${index}`;

interface FilterOptionsProps {
  readonly id: string;
  readonly options: readonly Completion[];
  /** What Enter takes. */
  readonly active: number | null;
  readonly onTake: (index: number) => void;
}

/** What can be written next. The focus stays in the box. */
export function FilterOptions({ id, options, active, onTake }: FilterOptionsProps) {
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  });
  return (
    <div className="filter-options" id={id} ref={list} role="listbox" aria-label="What can be written here">
      {options.map(({ text, help }, i) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the box has the focus and takes the keys, as for every combobox
        <div
          key={text}
          id={optionId(i)}
          role="option"
          tabIndex={-1}
          aria-selected={i === active}
          // The box keeps the focus.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onTake(i)}
        >
          <code>{text}</code> <span>{help}</span>
        </div>
      ))}
    </div>
  );
}
