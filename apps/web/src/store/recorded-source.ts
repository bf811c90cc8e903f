// A recording that the page shows: its moments, and what is known of all of it before any of it is played.
import type { Redactor } from '@hopscope/model';
import type { Hello, TimeNs } from '@hopscope/protocol';
import type { OpenedRecording } from '../wire/recording/open-recording.ts';
import { type HistoryView, redactedView } from './history.ts';
import { createPlayer } from './player.ts';
import { createRecordedHistory } from './recorded.ts';
import type { Traffic } from './traffic.ts';

export interface RecordedSource {
  /** Tells this opening from every other. */
  readonly play: string;
  readonly opened: OpenedRecording;
  readonly history: HistoryView & { isLoading(from: number): boolean };
  /** All of it, as far as it was surveyed: what the timeline draws, and where an exchange lies. */
  readonly overview: Traffic;
  /** Of its last frame; its history ends with some silence after it. */
  readonly lastNs: TimeNs;
  /** 0 to 1. */
  readonly surveyed: number;
  /** Goes on reading all of it. @returns whether there is more */
  survey(isTimeUp: () => boolean): boolean;
  /** Why it could not be read to its end; null as long as nothing is wrong. */
  readonly damage: string | null;
}

export interface RecordedSourceOptions {
  readonly opened: OpenedRecording;
  readonly redactor: Redactor;
  isRedacting(): boolean;
  onLoaded(): void;
}

/** Silence after the last frame: what was under way has its time-out in it. */
const TAIL_NS = 2.5e9;
/** The timeline shows all of it: a day of bars is bounded too. */
const RATES_KEPT_MS = 86_400_000;

/** @param play tells this opening from every other */
export function createRecordedSource(options: RecordedSourceOptions, play: string): RecordedSource {
  const { opened, redactor, isRedacting, onLoaded } = options;
  const { header } = opened.recording;
  const { created, filter, notes, redacted } = header;
  const hello: Hello = { ...header.hello, recording: { created, filter, notes, redacted, play } };
  const recorded = createRecordedHistory({ recording: opened.recording, hello, onLoaded });
  const endNs = (): TimeNs => (recorded.endNs + TAIL_NS) as TimeNs;
  const view = redactedView(recorded, redactor, isRedacting);
  // Of the originals: it gives away numbers and times alone.
  const surveyor = createPlayer({ history: recorded, onExchange: () => {}, ratesKeptMs: RATES_KEPT_MS });
  surveyor.seek((recorded.startNs ?? 0) as TimeNs, () => true);
  let surveyed = 0;

  return {
    play,
    opened,
    history: {
      get start() {
        return view.start;
      },
      entries: view.entries,
      isLoading: recorded.isLoading,
      startNs: recorded.startNs,
      get endNs() {
        return endNs();
      },
    },
    get overview() {
      return surveyor.world.traffic;
    },
    get lastNs() {
      return recorded.endNs;
    },
    get surveyed() {
      return surveyed;
    },
    survey(isTimeUp) {
      if (surveyed < 1) surveyed = surveyor.seek(endNs(), isTimeUp);
      return surveyed < 1;
    },
    get damage() {
      return recorded.damage;
    },
  };
}

export { openRecordingFile } from '../wire/recording/open-recording.ts';
