// Between the wire and everything else: here addresses, MAC addresses and names are replaced by stand-ins when asked. What is behind it
// never sees an original, so nothing on the page, and nothing copied from it, can give one away.
//
// The gate alone keeps the last minutes as they came. When the switch is turned they go through again, and the page is made anew of them.
import { createFrameHistory, type Redactor } from '@hopscope/model';
import type { ServerFrame, TimeNs } from '@hopscope/protocol';

export interface Gate {
  /** @throws BatchError where the receiver does */
  take(frame: ServerFrame | Uint8Array): void;
  /** Everything that is kept goes through again. */
  setRedacting(isRedacting: boolean): void;
}

export interface GateOptions {
  readonly redactor: Redactor;
  readonly isRedacting: boolean;
  /** @param isAgain it went through before, in another dress */
  deliver(frame: ServerFrame | Uint8Array, isAgain: boolean): void;
  /** Any clock that never goes back. */
  nowMs(): number;
}

/** About 50,000 records. */
const MAX_BYTES = 12 * 1024 * 1024;
const MAX_NS = 180e9;

export function createGate({ redactor, isRedacting: wasRedacting, deliver, nowMs }: GateOptions): Gate {
  const history = createFrameHistory({ maxBytes: MAX_BYTES, maxNs: MAX_NS });
  let isRedacting = wasRedacting;

  function pass(frame: ServerFrame | Uint8Array, isAgain: boolean): void {
    if (!isRedacting) deliver(frame, isAgain);
    else deliver(frame instanceof Uint8Array ? redactor.batch(frame) : redactor.control(frame), isAgain);
  }

  return {
    take(frame) {
      pass(frame, false);
      history.add(frame, (nowMs() * 1e6) as TimeNs);
    },
    setRedacting(next) {
      if (next === isRedacting) return;
      isRedacting = next;
      const { start } = history;
      if (start === null) return;
      pass(start.hello, true);
      if (start.topology !== null) pass(start.topology, true);
      pass({ type: 'locations', names: start.locations }, true);
      if (start.ledger !== null) pass(start.ledger, true);
      for (const { frame } of history.entries()) pass(frame, true);
    },
  };
}
