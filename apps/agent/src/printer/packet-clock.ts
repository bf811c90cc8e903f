// The clock of what is read from a file: that of its packets.
import type { TimeNs } from '@hopscope/protocol';
import type { Printer } from './printer.ts';

/** As often, and as late, as the live printer looks. */
const ADVANCE_EVERY_NS = 250_000_000;
const HOPS_ARE_LATE_NS = 100_000_000;
/** Longer than anything waits for a packet that does not come. */
const SILENCE_NS = 20_000_000_000;

/** Tells the printer how packet time goes on where no packet comes. */
export function createPacketClock(printer: Pick<Printer, 'advance' | 'lastHopNs'>): { advanceTo(t: TimeNs): void } {
  let toldNs: number | null = null;
  return {
    advanceTo(t) {
      const untilNs = t - HOPS_ARE_LATE_NS;
      toldNs ??= untilNs;
      const endNs = Math.min(untilNs, toldNs + SILENCE_NS);
      while (toldNs + ADVANCE_EVERY_NS <= endNs) {
        toldNs += ADVANCE_EVERY_NS;
        printer.advance(Math.max(toldNs, printer.lastHopNs) as TimeNs);
      }
      if (untilNs <= endNs) return;
      toldNs = untilNs;
      printer.advance(untilNs as TimeNs);
    },
  };
}
