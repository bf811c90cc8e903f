/** First try at once, then longer and longer, never above a second: an agent that comes back is noticed within two. */
const CAP_MS = 1000;
const BASE_MS = 100;

/**
 * Wait before the next try.
 * @param tries failed in a row, from 1
 * @param random 0 ≤ random < 1: pages that lost the same agent do not all come back at the same instant
 */
export function backoffMs(tries: number, random: number): number {
  const ceiling = Math.min(CAP_MS, BASE_MS * 2 ** (tries - 1));
  return ceiling * (0.5 + random / 2);
}
