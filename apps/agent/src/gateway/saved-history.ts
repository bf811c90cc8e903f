// The last minutes, kept as frames and handed out as a recording: to a page that asks, and to the capture process, which writes a file.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { createFrameHistory, type FrameHistory } from '@hopscope/model';
import type { ServerFrame } from '@hopscope/protocol';
import type { GatewayConfig } from '../lib/child-config.ts';
import type { Upstream } from '../lib/upstream.ts';
import { createFrameTimes } from '../recording/frame-times.ts';
import { createRecorder } from '../recording/recorder.ts';
import { recordingName } from '../recording/recording-name.ts';
import { answer as answerText } from './http.ts';

export const RECORDING_PATH = '/recording';

/** Each holds on to the frames that it began with. */
const SAVES_MAX = 2;
/** Then the capture process is given time to write. */
const WAITING_MAX_BYTES = 4 * 1024 * 1024;
const LOOK_AGAIN_MS = 5;

export interface SavedHistory {
  add(frame: ServerFrame | Uint8Array): void;
  /** GET /recording. Answers whether the request was that. */
  answer(request: IncomingMessage, response: ServerResponse): boolean;
  /** Once at a time. */
  saveTo(upstream: Pick<Upstream, 'tell' | 'writeFile' | 'waitingBytes'>): Promise<void>;
}

type Options = NonNullable<GatewayConfig['history']>;

export function createSavedHistory({ maxBytes, maxMs, filter }: Options): SavedHistory {
  const history = createFrameHistory({ maxBytes, maxNs: maxMs * 1e6 });
  const times = createFrameTimes();
  let saves = 0;
  let isSaving = false;

  async function send(response: ServerResponse): Promise<void> {
    saves++;
    try {
      response.setHeader('Content-Type', 'application/octet-stream');
      response.setHeader('Content-Disposition', `attachment; filename="${recordingName(hostname(), new Date())}"`);
      response.setHeader('Cache-Control', 'no-store');
      await pipeline(Readable.from(pack(history, filter), { objectMode: false, highWaterMark: 2 ** 20 }), response);
    } catch {
      // Whoever asked is gone.
      response.destroy();
    } finally {
      saves--;
    }
  }

  return {
    add: (frame) => history.add(frame, times.of(frame)),
    answer(request, response) {
      if (request.url !== RECORDING_PATH) return false;
      if (history.start === null) answerText(response, 503, 'nothing has been seen yet');
      else if (saves >= SAVES_MAX) answerText(response, 503, `${SAVES_MAX} others are being saved`);
      else if (request.method === 'HEAD') response.end();
      else void send(response);
      return true;
    },
    async saveTo(upstream) {
      if (isSaving || history.start === null) return;
      isSaving = true;
      try {
        await pass(upstream);
      } finally {
        isSaving = false;
      }
    },
  };

  async function pass(upstream: Pick<Upstream, 'tell' | 'writeFile' | 'waitingBytes'>): Promise<void> {
    let hops = 0;
    const count = (more: number) => {
      hops += more;
    };
    upstream.tell({ type: 'file' });
    for await (const bytes of pack(history, filter, count)) {
      upstream.writeFile(bytes, hops);
      hops = 0;
      while (upstream.waitingBytes > WAITING_MAX_BYTES) await setTimeout(LOOK_AGAIN_MS);
    }
    upstream.tell({ type: 'file-end' });
  }
}

/** What is held when it is called, as the bytes of a recording. Other work gets its turn between two blocks. */
async function* pack(
  history: FrameHistory,
  filter: string,
  onHops: (count: number) => void = () => {},
): AsyncGenerator<Uint8Array> {
  const { start } = history;
  if (start === null) return;
  const entries = history.entries();
  let packed: Uint8Array[] = [];
  const recorder = createRecorder({
    filter,
    rotateBytes: null,
    now: () => Number(BigInt(start.hello.clock.wallNs) / 1_000_000n) + start.t / 1e6,
    isFull: () => false,
    begin: () => {},
    write(bytes, hops) {
      packed.push(bytes);
      onHops(hops);
    },
    end: () => {},
    picture: start,
  });
  recorder.onControl(start.hello);
  for (const { frame } of entries) {
    if (!(frame instanceof Uint8Array)) recorder.onControl(frame);
    else recorder.onHops(frame);
    if (packed.length === 0) continue;
    yield* packed;
    packed = [];
    await setImmediate();
  }
  recorder.finish();
  yield* packed;
}
