// Type on the map, once: the style sheet takes sizes from the same classes, measuring needs them here.
const SANS = 'system-ui, "DejaVu Sans", sans-serif';
const MONO = 'ui-monospace, "DejaVu Sans Mono", monospace';

export const FONT = {
  title: `700 14px ${SANS}`,
  text: `400 12px ${SANS}`,
  strong: `600 12.5px ${SANS}`,
  name: `600 12px ${MONO}`,
  mono: `400 12px ${MONO}`,
  tag: `600 11px ${SANS}`,
  label: `600 12px ${SANS}`,
} as const;
