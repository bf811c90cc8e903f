// Semantic zoom. How much of the map is written out follows from how large it would be on the screen, and what is written is never
// smaller than can be read: type that would get too small grows in graph space instead, and what then finds no room is left out. Pure.

/**
 * `full`: names, addresses, kind, MTU, state. `names`: of namespaces and devices. `counts`: a namespace is a box with its name and how many
 * interfaces it has. `heat`: a coloured field. In the last two, the colour says how many packets pass.
 */
export type Detail = 'full' | 'names' | 'counts' | 'heat';

export interface Zoom {
  readonly detail: Detail;
  /** Factor on every size of type, in graph space. */
  readonly type: number;
}

/** On the screen, in CSS pixels. */
export const SMALLEST_TYPE = 9.2;
/** The smallest type on the map, in graph space: tags. */
export const SMALL_TYPE = 11;
/** Sizes go in steps, so that a slow zoom writes everything anew only now and then. */
const STEP = 1.06;

const FROM_SCALE: readonly (readonly [Detail, number])[] = [
  ['full', 0.6],
  ['names', 0.34],
  ['counts', 0.13],
  ['heat', 0],
];

/**
 * @param scale logical per graph unit
 * @param smallest type on the screen, in CSS pixels
 */
export function zoomAt(scale: number, smallest = SMALLEST_TYPE): Zoom {
  const detail = FROM_SCALE.find(([, from]) => scale >= from)?.[0] ?? 'heat';
  const wanted = smallest / (SMALL_TYPE * scale);
  // Up to the next step: never below the smallest size. The hair keeps what is exactly a step from becoming the next one.
  const type = wanted <= 1 ? 1 : STEP ** Math.ceil(Math.log(wanted) / Math.log(STEP) - 1e-9);
  return { detail, type };
}

export const isSameZoom = (a: Zoom, b: Zoom): boolean => a.detail === b.detail && a.type === b.type;
