// How many packets to follow, from how full a queue is. Pure: time comes in as an argument.
//
// More comes than is taken in: the level goes up at once, the more the fuller the queue, so that whole journeys are left out before
// anything is cut. Less comes: it goes down slowly and not before most of the queue is empty, because every change of level costs what was
// chosen under the other one. Between the two thresholds it stays.

/** 1 in 65,536 is the sparsest: the sequence numbers of echoes have 16 bits. */
export const MAX_LEVEL = 16;

const UP_ABOVE = 1 / 2;
const DOWN_BELOW = 1 / 4;
/** What is left above UP_ABOVE, in equal parts, one for each level. */
const LEVELS_PER_FILL = MAX_LEVEL / (1 - UP_ABOVE);
/** From the sparsest level to all packets it takes 16 of these. */
const DOWN_EVERY_MS = 50;

export interface SamplingPolicy {
  /**
   * @param fill 0 to 1: how full the queue is
   * @param nowMs monotonic
   * @returns the level: one packet in 2 ** level is to be followed
   */
  update(fill: number, nowMs: number): number;
}

export function createSamplingPolicy(): SamplingPolicy {
  let level = 0;
  /** Since when the queue has been nearly empty at this level. */
  let calmSinceMs = Number.NEGATIVE_INFINITY;

  return {
    update(fill, nowMs) {
      const wanted = fill < UP_ABOVE ? 0 : Math.min(MAX_LEVEL, 1 + Math.floor((fill - UP_ABOVE) * LEVELS_PER_FILL));
      if (wanted > level) level = wanted;
      if (wanted >= level || fill > DOWN_BELOW) calmSinceMs = nowMs;
      const steps = Math.floor((nowMs - calmSinceMs) / DOWN_EVERY_MS);
      if (level > 0 && steps > 0) {
        level = Math.max(0, level - steps);
        calmSinceMs += steps * DOWN_EVERY_MS;
      }
      return level;
    },
  };
}
