// One connected page: what it is sent and when.
import { type Ledger, parseClientFrame } from '@hopscope/protocol';
import { messageOf } from '../lib/failure.ts';
import { createPageQueue, type HopRun } from './page-queue.ts';
import { CLOSE, type PageSocket } from './socket.ts';

/**
 * At most 50 batches a second; the ledger (1/s) and topology patches (7/s) come on top and stay below 60 messages a second.
 * After a quiet time the first hop goes at once.
 */
const TICK_MS = 20;

/** After this long without hops a page that was sampled hears that it follows more again. */
const LEVEL_AGAIN_MS = 1000;

/** Hops are bounded by credit. Control frames are not, but a page that lets so much of them pile up is given up. */
const BUFFERED_MAX_BYTES = 16 * 1024 * 1024;

export interface Session {
  sendControl(text: string): void;
  sendLedger(ledger: Ledger): void;
  sendHops(run: HopRun): void;
  onText(text: string): void;
  /** Sends what waits and closes. */
  end(code: number, reason: string): void;
  /** The socket is gone. */
  stop(): void;
  /** Bytes of records that the page has not acknowledged. */
  readonly outstandingBytes: number;
}

/**
 * @param now ms, monotonic
 * @param creditBytes beyond it fewer journeys are sent; Infinity = the caller waits for the page instead
 */
export function createSession(socket: PageSocket, now: () => number, creditBytes?: number): Session {
  const queue = createPageQueue(creditBytes);
  let timer: NodeJS.Timeout | undefined;
  let lastTickMs = Number.NEGATIVE_INFINITY;
  let stopped = false;
  /** The last one, while it is as true as when it came: no hop has come since. */
  let quietLedger: Ledger | null = null;
  let levelTimer: NodeJS.Timeout | undefined;

  function tick(): void {
    timer = undefined;
    lastTickMs = now();
    if (socket.bufferedBytes > BUFFERED_MAX_BYTES) {
      socket.terminate();
      return;
    }
    for (const message of queue.take()) socket.send(message);
    schedule();
  }

  function schedule(): void {
    if (stopped || timer !== undefined || queue.empty) return;
    const wait = lastTickMs + TICK_MS - now();
    if (wait <= 0) tick();
    else timer = setTimeout(tick, wait);
  }

  /** Ledgers come only while something changes; how many journeys are followed changes when nothing comes. */
  function watchLevel(): void {
    clearTimeout(levelTimer);
    if (stopped || queue.sampledOneIn === 1) return;
    levelTimer = setTimeout(() => {
      if (quietLedger !== null) queue.offerLedger(quietLedger, now());
      schedule();
      watchLevel();
    }, LEVEL_AGAIN_MS);
  }

  function stop(): void {
    stopped = true;
    clearTimeout(timer);
    clearTimeout(levelTimer);
  }

  return {
    sendControl(text) {
      queue.offerControl(text);
      schedule();
    },
    sendLedger(ledger) {
      quietLedger = ledger;
      queue.offerLedger(ledger, now());
      watchLevel();
      schedule();
    },
    sendHops(run) {
      quietLedger = null;
      queue.offerHops(run, now());
      schedule();
    },
    onText(text) {
      try {
        queue.ack(parseClientFrame(text).hop);
      } catch (error) {
        socket.close(CLOSE.policy, messageOf(error));
        stop();
      }
    },
    end(code, reason) {
      if (stopped) return;
      stop();
      while (!queue.empty) for (const message of queue.take()) socket.send(message);
      socket.close(code, reason);
    },
    stop,
    get outstandingBytes() {
      return queue.outstandingBytes;
    },
  };
}
