const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Calls `stop` once when the person or the system asks this process to end. Ctrl-C reaches the whole process group and
 * a wrapper may pass it on again, so later signals are ignored: the end is bounded in time, not by impatience.
 */
export function onStopSignal(stop: () => void): void {
  let stopping = false;
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      stop();
    });
  }
}
