// The stretch factor: how many times slower than the kernel a packet moves on the page.

/** 1, 2, 5, 10, … 1,000,000 */
export const STRETCHES: readonly number[] = [0, 1, 2, 3, 4, 5]
  .flatMap((power) => [1, 2, 5].map((step) => step * 10 ** power))
  .concat(1_000_000);

const TARGET_MS = 3000;
const COMFORTABLE_MS = { least: 1500, most: 6000 } as const;

/**
 * The factor at which a typical exchange takes about three seconds; the current one for as long as it is comfortable, so
 * that the picture does not change its pace all the time.
 * @param durationsNs of recent exchanges
 * @param times longer than that, for who explains while it flies
 */
export function chooseStretch(durationsNs: readonly number[], current: number, times = 1): number {
  const sorted = durationsNs.filter((each) => each > 0).sort((a, b) => a - b);
  const typicalNs = sorted[Math.floor(sorted.length / 2)];
  if (typicalNs === undefined) return current;
  const nowMs = (typicalNs * current) / 1e6 / times;
  if (nowMs >= COMFORTABLE_MS.least && nowMs <= COMFORTABLE_MS.most) return current;
  return nearestStretch((TARGET_MS * times * 1e6) / typicalNs);
}

export function nearestStretch(factor: number): number {
  const distance = (step: number): number => Math.abs(Math.log(step / factor));
  return STRETCHES.reduce((best, step) => (distance(step) < distance(best) ? step : best));
}

/** What one second on the page shows, in ns. */
export const secondShowsNs = (stretch: number): number => 1e9 / stretch;
