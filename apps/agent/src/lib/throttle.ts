/** Runs `work` at once, then at most every `ms`: what is asked for meanwhile is done once, at the end of the pause. */
export interface Throttle {
  ask(): void;
  cancel(): void;
}

export function createThrottle(ms: number, work: () => void): Throttle {
  let timer: NodeJS.Timeout | undefined;
  let asked = false;

  function pause(): void {
    timer = setTimeout(() => {
      timer = undefined;
      if (!asked) return;
      asked = false;
      pause();
      work();
    }, ms);
  }

  return {
    ask() {
      if (timer !== undefined) {
        asked = true;
        return;
      }
      pause();
      work();
    },
    cancel() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
