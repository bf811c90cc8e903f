// How many dots this machine draws at a good pace, from how long frames take while dots fly. Fewer dots hide nothing: packets that take
// the same way then share one, and the count stands beside it.

export interface DotBudget {
  /** @returns dots that may be drawn from now on */
  note(stepMs: number): number;
}

/** 55 frames a second, and 59. */
const SLOW_MS = 18.2;
const FAST_MS = 17;
const FEWEST = 250;
/** Weight of one frame in the mean: about half a second. */
const WEIGHT = 1 / 30;

export function createDotBudget(most: number): DotBudget {
  let meanMs = FAST_MS;
  let dots = most;
  return {
    note(stepMs) {
      // The first frame after a rest has no step.
      if (stepMs <= 0) return Math.round(dots);
      meanMs += (stepMs - meanMs) * WEIGHT;
      if (meanMs > SLOW_MS) dots = Math.max(FEWEST, dots * 0.985);
      else if (meanMs < FAST_MS) dots = Math.min(most, dots * 1.005);
      return Math.round(dots);
    },
  };
}
