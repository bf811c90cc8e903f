// A recording as a page would have seen it live: the same frames, as far apart as they were, or faster. Each page has a playback of its own,
// which begins when it connects. A page that does not keep up holds its playback up; nothing is left out for it.
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Hello, RecordingEntry } from '@hopscope/protocol';
import { messageOf } from '../lib/failure.ts';
import type { RecordingFile } from '../recording/open-file.ts';
import { damageOf, readFrames } from '../recording/read-frames.ts';
import { readRun } from './page-queue.ts';
import { createSession, type Session } from './session.ts';
import type { PageHandlers, PageSocket } from './socket.ts';

export interface PlaybackOptions {
  /** 1 = as fast as it happened. */
  readonly speed: number;
  /** Begins anew at the end. */
  readonly loop: boolean;
  /** @returns ms, monotonic */
  readonly now: () => number;
}

/** The rest is looked at every so often: whether the page has caught up, whether it is time. */
const LOOK_AGAIN_MS = 10;
const AHEAD_MAX_BYTES = 4 * 1024 * 1024;
/** Closer together than this, frames are sent at once: a timer knows no less than a millisecond. */
const TOGETHER_MS = 4;
/** Of a page that goes, its timers are over soon. */
const WAIT_MAX_MS = 200;
/** Before it begins anew. */
const PAUSE_AT_END_MS = 1000;

export function playTo(socket: PageSocket, file: RecordingFile, options: PlaybackOptions): PageHandlers {
  const { speed, loop, now } = options;
  let session: Session = createSession(socket, now, Number.POSITIVE_INFINITY);
  let isOver = false;

  function hello(): Hello {
    const { header } = file.recording;
    const { created, filter, notes, redacted } = header;
    return { ...header.hello, recording: { created, filter, notes, redacted, play: randomUUID(), speed, loop } };
  }

  function send({ frame }: RecordingEntry): void {
    if (frame instanceof Uint8Array) session.sendHops(readRun(frame));
    else if (frame.type === 'ledger') session.sendLedger(frame);
    else session.sendControl(JSON.stringify(frame));
  }

  async function play(): Promise<void> {
    session.sendControl(JSON.stringify(hello()));
    /** Packet time and page time that belong together. */
    let sync: { readonly t: number; atMs: number } | null = null;
    for await (const entries of readFrames(file)) {
      for (const entry of entries) {
        sync ??= { t: entry.t, atMs: now() };
        const dueMs = (entry.t - sync.t) / 1e6 / speed;
        while (!isOver && sync.atMs + dueMs - now() > TOGETHER_MS) {
          await setTimeout(Math.min(WAIT_MAX_MS, sync.atMs + dueMs - now()));
        }
        const heldMs = now();
        while (!isOver && session.outstandingBytes > AHEAD_MAX_BYTES) await setTimeout(LOOK_AGAIN_MS);
        if (isOver) return;
        // What the page needed to catch up does not count.
        const waitedMs = now() - heldMs;
        if (waitedMs > LOOK_AGAIN_MS) sync.atMs += waitedMs;
        send(entry);
      }
    }
    const damage = damageOf(file);
    if (damage !== null) notice(`This recording is not whole. ${damage}`);
  }

  function notice(text: string): void {
    session.sendControl(JSON.stringify({ type: 'notice', level: 'warning', text }));
  }

  async function run(): Promise<void> {
    try {
      do {
        await play();
        if (loop && !isOver) await setTimeout(PAUSE_AT_END_MS);
        if (isOver || !loop) return;
        session.stop();
        session = createSession(socket, now, Number.POSITIVE_INFINITY);
      } while (!isOver);
    } catch (error) {
      notice(messageOf(error));
    }
  }

  void run();
  return {
    onText: (text) => session.onText(text),
    onClose() {
      isOver = true;
      session.stop();
    },
  };
}
