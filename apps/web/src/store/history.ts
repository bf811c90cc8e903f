// What the page keeps in memory of what came, as it came; who reads it gets stand-ins while the page is redacted.
import { captureOf, createFrameHistory, type FrameHistory, type HistoryStart, type Redactor } from '@hopscope/model';
import type { ServerFrame, TimeNs } from '@hopscope/protocol';

export interface Recorder {
  /** @param t newest packet time; null while it is not known */
  add(frame: ServerFrame | Uint8Array, t: TimeNs | null): void;
  /** Of the present capture. Who still shows an earlier one keeps it. */
  readonly history: HistoryView;
}

export interface HistoryView extends Pick<FrameHistory, 'start' | 'entries' | 'endNs'> {
  /** Time of the oldest moment held; null while nothing is. */
  readonly startNs: TimeNs | null;
}

const HISTORY_BYTES = 64 * 1024 * 1024;
const HISTORY_NS = 600e9;

const create = (): FrameHistory => createFrameHistory({ maxBytes: HISTORY_BYTES, maxNs: HISTORY_NS });

/** The same history, with stand-ins in it as long as `isRedacting`. */
export function redactedView(
  of: Pick<FrameHistory, 'start' | 'entries' | 'endNs'>,
  redactor: Redactor,
  isRedacting: () => boolean,
): HistoryView {
  function redact(frame: ServerFrame | Uint8Array): ServerFrame | Uint8Array {
    if (!isRedacting()) return frame;
    return frame instanceof Uint8Array ? redactor.batch(frame) : redactor.control(frame);
  }

  function redactStart(start: HistoryStart): HistoryStart {
    if (!isRedacting()) return start;
    const hello = redactor.control(start.hello);
    const topology = start.topology === null ? null : redactor.control(start.topology);
    return {
      ...start,
      hello: hello.type === 'hello' ? hello : start.hello,
      topology: topology?.type === 'topology' ? topology : null,
    };
  }

  return {
    get start() {
      return of.start === null ? null : redactStart(of.start);
    },
    entries: (from, most) => of.entries(from, most).map((entry) => ({ ...entry, frame: redact(entry.frame) })),
    get endNs() {
      return of.endNs;
    },
    get startNs() {
      return of.start?.t ?? null;
    },
  };
}

export function createRecorder(redactor: Redactor, isRedacting: () => boolean): Recorder {
  const viewOf = (of: FrameHistory) => redactedView(of, redactor, isRedacting);
  let history = create();
  let view = viewOf(history);

  return {
    add(frame, t) {
      const { start } = history;
      const isHello = !(frame instanceof Uint8Array) && frame.type === 'hello';
      if (isHello && start !== null && captureOf(frame) !== captureOf(start.hello)) {
        history = create();
        view = viewOf(history);
      }
      history.add(frame, t);
    },
    get history() {
      return view;
    },
  };
}
