// Traces into batches and over the network, one request at a time. What waits is bounded; what is lost is counted, and why.
import { setTimeout } from 'node:timers/promises';
import { printable } from '../printable.ts';
import { type Outcome, postTraces } from './post.ts';
import type { OtlpSettings } from './settings.ts';

export interface SenderOptions {
  readonly settings: OtlpSettings;
  /** What each batch's document begins and ends with. */
  readonly document: { readonly head: string; readonly tail: string };
  /** Something the person at the terminal should know. */
  readonly say: (line: string) => void;
  /** Where they are other than by default. */
  readonly limits?: Partial<typeof LIMITS>;
}

export interface Sender {
  /** The spans of one trace, each as JSON. Left out and counted when too much waits. */
  add(spans: readonly string[]): void;
  /** Resolves when there is room, for who has time: a file can wait. */
  room(): Promise<void>;
  /** Sends what waits for at most so long; the rest is lost, and counted. */
  finish(withinMs: number): Promise<void>;
  /** Spans that were taken. */
  readonly sentSpans: number;
  /** Spans that were not, by why: `queue-full`, `refused`, `rejected`, `gave-up`. */
  readonly lostSpans: Readonly<Record<string, number>>;
}

const LIMITS = {
  /** Of JSON that waits: some 10,000 traces. */
  queueBytes: 32 * 1024 * 1024,
  /** As many as an OpenTelemetry SDK sends at once by default; a trace is never cut. */
  batchSpans: 512,
  /** How long the first trace of a batch waits for others. */
  gatherMs: 1000,
  /** Before the first repetition; twice as long before each further one, and up to a fifth more or less at random. */
  firstWaitMs: 1000,
  longestWaitMs: 30_000,
  /** A batch that was not taken within this time is given up. */
  giveUpMs: 5 * 60_000,
  /** One that the server asks to have patience with, within this: as long as it asks, by default. */
  patienceMs: Number.POSITIVE_INFINITY,
};
/** Of what a server may ask for. */
const LONGEST_RETRY_AFTER_MS = 3_600_000;
const JITTER = 0.2;

interface Trace {
  readonly spans: readonly string[];
  readonly bytes: number;
}

export function createSender(options: SenderOptions): Sender {
  const { settings } = options;
  const { head, tail } = options.document;
  const limits = { ...LIMITS, ...options.limits };
  let queue: Trace[] = [];
  /** Of those under way, too. */
  let queuedBytes = 0;
  let queuedSpans = 0;
  let sentSpans = 0;
  const lostSpans: Record<string, number> = {};
  let sending: Promise<void> | null = null;
  const stop = new AbortController();
  /** Ends the waiting for more traces. */
  let gathering = new AbortController();
  let isFinishing = false;
  let told = '';

  function lose(why: string, spans: number): void {
    lostSpans[why] = (lostSpans[why] ?? 0) + spans;
  }

  /** Once for each state of affairs, not once for each request. */
  function say(what: string): void {
    if (what !== told && what !== '') options.say(`${settings.url.host}: ${printable(what)}`);
    told = what;
  }

  function take(): Trace[] {
    let spans = 0;
    let count = 0;
    for (const trace of queue) {
      if (count > 0 && spans + trace.spans.length > limits.batchSpans) break;
      spans += trace.spans.length;
      count++;
    }
    const batch = queue.slice(0, count);
    queue = queue.slice(count);
    queuedSpans -= spans;
    return batch;
  }

  async function send(batch: readonly Trace[]): Promise<void> {
    const spans = batch.flatMap((trace) => trace.spans);
    const body = `${head}${spans.join(',')}${tail}`;
    const startMs = Date.now();
    for (let waitMs = limits.firstWaitMs; ; waitMs = Math.min(2 * waitMs, limits.longestWaitMs)) {
      const outcome: Outcome = await postTraces(body, settings, stop.signal);
      if (outcome.kind === 'taken') {
        const rejected = Math.min(outcome.rejectedSpans, spans.length);
        sentSpans += spans.length - rejected;
        if (rejected > 0) lose('rejected', rejected);
        const what = rejected > 0 ? `${rejected} spans were rejected: ` : '';
        say(`${what}${outcome.message}`);
        return;
      }
      if (outcome.kind === 'refused') {
        lose('refused', spans.length);
        say(`traces are refused: ${outcome.message}`);
        return;
      }
      say(`traces cannot be sent now: ${outcome.message}`);
      const ownMs = waitMs * (1 - JITTER + 2 * JITTER * Math.random());
      const isAsked = outcome.afterMs !== null;
      // Never sooner than unasked: a server that says "now" each time would be asked without a pause.
      const nextMs = Math.max(ownMs, Math.min(outcome.afterMs ?? 0, LONGEST_RETRY_AFTER_MS));
      const isOver = Date.now() + nextMs - startMs > (isAsked ? limits.patienceMs : limits.giveUpMs);
      const isStopped = isOver || (await wait(nextMs, stop.signal));
      if (!isStopped) continue;
      lose('gave-up', spans.length);
      return;
    }
  }

  async function run(): Promise<void> {
    while (queue.length > 0 && !stop.signal.aborted) {
      if (!isFinishing && !isFull()) await wait(limits.gatherMs, gathering.signal);
      gathering = new AbortController();
      const batch = take();
      await send(batch);
      for (const { bytes } of batch) queuedBytes -= bytes;
    }
    sending = null;
  }

  const isFull = () => queuedSpans >= limits.batchSpans;

  return {
    add(spans) {
      if (isFinishing) return lose('gave-up', spans.length);
      const bytes = spans.reduce((sum, span) => sum + 2 * span.length, 0);
      if (queuedBytes + bytes > limits.queueBytes) {
        lose('queue-full', spans.length);
        return;
      }
      queuedBytes += bytes;
      queuedSpans += spans.length;
      queue.push({ spans, bytes });
      if (isFull()) gathering.abort();
      sending ??= run();
    },
    async room() {
      while (sending !== null && queuedBytes > limits.queueBytes / 2) await setTimeout(5);
    },
    async finish(withinMs) {
      isFinishing = true;
      gathering.abort();
      const timer = globalThis.setTimeout(() => stop.abort(), withinMs);
      await sending;
      clearTimeout(timer);
      if (queuedSpans > 0) lose('gave-up', queuedSpans);
      queue = [];
      queuedSpans = 0;
    },
    get sentSpans() {
      return sentSpans;
    },
    get lostSpans() {
      return lostSpans;
    },
  };
}

/** Answers whether it was ended early. */
async function wait(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await setTimeout(ms, undefined, { signal });
    return false;
  } catch {
    return true;
  }
}
