// Opening a recording on the page, and saving what is held as one. What reads files is loaded when it is first needed.
import type { Redactor } from '@hopscope/model';
import type { Hello } from '@hopscope/protocol';
import type { Actions } from './actions.ts';
import { addressOf } from './exchange-address.ts';
import type { TrafficView } from './shown.ts';
import type { Store } from './store.ts';
import type { OpenAs, TimeControl } from './time.ts';

export interface Recordings {
  /** Shows it from its start. One that cannot be read is told in one line, and nothing else changes. @returns whether it is shown */
  open(bytes: Blob, name: string, as?: Partial<OpenAs>): Promise<boolean>;
  /** The recording that the agent plays, as a whole: so all of it can be sought. @returns whether it is shown */
  openPlayed(hello: Hello): Promise<boolean>;
  /** Downloads what is held: of a recording its file, otherwise the last minutes that the agent holds. */
  save(): Promise<void>;
  /** Downloads what is shown as one page. @returns what was done @throws Error in words */
  shareIncident(said: { readonly title: string; readonly notes: string }): Promise<string>;
}

export interface RecordingsOptions {
  readonly store: Store;
  readonly actions: Pick<Actions, 'notice'>;
  readonly time: Pick<TimeControl, 'open' | 'source'>;
  readonly traffic: Pick<TrafficView, 'wallMs'>;
  readonly redactor: Redactor;
  onLoaded(): void;
  /** The page shows something else now. */
  onOpened(): void;
}

/** Beside the page. */
const RECORDING_URL = 'recording';
/** More is played by the agent instead of being fetched. */
const FETCH_MAX_BYTES = 64 * 1024 * 1024;

export function createRecordings(options: RecordingsOptions): Recordings {
  const { store, actions, time, traffic, redactor, onLoaded, onOpened } = options;
  const isRedacting = (): boolean => store.getState().isRedacted;
  let plays = 0;
  /** How often one was to be opened: what is ready late does not take the place of what was asked for since. */
  let asked = 0;

  function fail(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    actions.notice({ type: 'notice', level: 'error', text });
  }

  async function open(bytes: Blob, name: string, as: Partial<OpenAs> = {}): Promise<boolean> {
    asked++;
    const own = asked;
    try {
      const { openRecordingFile, createRecordedSource } = await import('./recorded-source.ts');
      const opened = await openRecordingFile(bytes, name);
      if (own !== asked) return false;
      plays++;
      const source = createRecordedSource({ opened, redactor, isRedacting, onLoaded }, `page-${plays}`);
      onOpened();
      time.open(source, { isOwn: false, title: '', notes: '', speed: 1, isRepeating: false, ...as });
      return true;
    } catch (error) {
      fail(error);
      return false;
    }
  }

  async function fetchRecording(): Promise<{ bytes: Blob; name: string } | null> {
    const response = await fetch(RECORDING_URL);
    if (!response.ok) throw new Error(`the agent has no recording to give: ${(await response.text()).trim()}`);
    if (Number(response.headers.get('Content-Length') ?? 0) > FETCH_MAX_BYTES) {
      await response.body?.cancel();
      return null;
    }
    const disposition = response.headers.get('Content-Disposition') ?? '';
    const name = /filename="([^"]+)"/.exec(disposition)?.[1] ?? 'recording.hops';
    return { bytes: await response.blob(), name };
  }

  return {
    open,
    async openPlayed({ recording }) {
      const before = asked;
      try {
        const fetched = await fetchRecording();
        if (fetched === null || recording === undefined || asked !== before) return false;
        const { speed = 1, loop = false } = recording;
        return await open(fetched.bytes, fetched.name, { isOwn: true, speed, isRepeating: loop });
      } catch {
        return false;
      }
    },
    async shareIncident({ title, notes }) {
      const found = time.source === null ? await fetchRecording() : time.source.opened;
      if (found === null) throw new Error('more is held than fits into a page: select a time, or use hopscope export');
      const [{ makeIncident }, { download }] = await Promise.all([
        import('./share-incident.ts'),
        import('./save-recording.ts'),
      ]);
      const { selected, range, filter } = store.getState();
      const exchange = selected === null ? null : addressOf(selected, traffic.wallMs);
      const name = isRedacting() ? 'incident.hops' : found.name.replace(/\.html$/, '.hops');
      const cover = { title, notes, name, filter, exchange };
      const page = await makeIncident({ bytes: found.bytes, cover, redactor: isRedacting() ? redactor : null, range });
      const file = `hopscope-incident-${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z.html`;
      download(page, file);
      return `Saved ${file}`;
    },
    async save() {
      try {
        const { source } = time;
        const found = source === null ? await fetchRecording() : source.opened;
        if (found === null) return;
        const { download, redacted } = await import('./save-recording.ts');
        const bytes = isRedacting() ? await redacted(found.bytes, redactor) : found.bytes;
        download(bytes, isRedacting() ? 'hopscope-redacted.hops' : found.name);
      } catch (error) {
        fail(error);
      }
    },
  };
}
