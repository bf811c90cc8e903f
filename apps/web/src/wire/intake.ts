// What came and was not taken in yet, in order. Under load a frame gives only part of its time to it; what waits meanwhile is not
// acknowledged, and the agent sends less.

export interface Intake {
  add(take: () => void): void;
  /** Takes in, in order, until nothing is left or the time is up. Answers whether something is left. */
  run(budgetMs: number): boolean;
  readonly isEmpty: boolean;
}

export function createIntake(now: () => number, onBroken: (reason: string) => void): Intake {
  let waiting: (() => void)[] = [];
  let at = 0;
  return {
    add: (take) => void waiting.push(take),
    run(budgetMs) {
      const endMs = now() + budgetMs;
      while (at < waiting.length) {
        const take = waiting[at++];
        try {
          take?.();
        } catch (error) {
          onBroken(error instanceof Error ? error.message : String(error));
        }
        if (now() >= endMs) break;
      }
      const isLeft = at < waiting.length;
      if (!isLeft) {
        waiting = [];
        at = 0;
      } else if (at > 1000) {
        waiting = waiting.slice(at);
        at = 0;
      }
      return isLeft;
    },
    get isEmpty() {
      return at >= waiting.length;
    },
  };
}
