// Colours of the canvas, read from the style sheet so that they are defined once.
import type { Direction } from '@hopscope/model';

export interface Palette {
  readonly direction: Readonly<Record<Direction, string>>;
  readonly drop: string;
  readonly ring: string;
}

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  return {
    direction: { request: colour('--request'), reply: colour('--reply'), error: colour('--error') },
    drop: colour('--drop'),
    ring: colour('--card'),
  };
}
