// When hops were missed: what was under way then may have holes, what came before or after has none.
import { FLAG } from '@hopscope/protocol';
import { JOIN_WINDOW_NS } from './continuation.ts';
import { firstOf, type Segment } from './segment.ts';

export interface Losses {
  /** Hops were missed between the two times. */
  note(sinceNs: number, untilNs: number): void;
  /**
   * The packet that would make another join or answer possible may be among the missed. That reaches further back than the loss: to the
   * longest wait for an answer.
   */
  mayHideOther(segment: Segment): boolean;
  /** It was first seen while hops were missed; or shortly after, in the middle of its way. */
  isHoled(segment: Segment): boolean;
}

export function createLosses(timeoutNs: number): Losses {
  // The last loss is enough: what an earlier one touched was marked when it was told.
  let sinceNs = Number.NEGATIVE_INFINITY;
  let untilNs = Number.NEGATIVE_INFINITY;
  return {
    note(from, to) {
      sinceNs = from <= untilNs + JOIN_WINDOW_NS ? Math.min(sinceNs, from) : from;
      untilNs = Math.max(untilNs, to);
    },
    mayHideOther(segment) {
      const { t } = firstOf(segment).hop;
      return t <= untilNs + JOIN_WINDOW_NS && t >= sinceNs - timeoutNs;
    },
    isHoled(segment) {
      const { t, flags } = firstOf(segment).hop;
      return t >= sinceNs && t <= ((flags & FLAG.FIRST) === 0 ? untilNs + JOIN_WINDOW_NS : untilNs);
    },
  };
}
