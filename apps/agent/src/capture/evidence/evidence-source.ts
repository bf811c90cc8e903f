// Drops in, `evidence` frames out. Reading a table takes some ms in a program of its own: one at a time, a few a second for each
// namespace and reason, with a bounded queue. A flood of drops costs no more than a few.
import type { NamespaceFacts } from '@hopscope/model';
import type { Evidence, EvidenceFrame } from '@hopscope/protocol';
import type { DropNote } from './drop-note.ts';
import { linkFacts } from './gather-tables.ts';
import { planTables, wantsLink } from './plan.ts';

/** Between two reads for one namespace and reason. */
const READ_EVERY_MS = 250;
/** After a read that took long a rest of the same length: whoever owns a namespace decides how many rules there are, and the others wait. */
const REST = 1;
/** So long after a read began its answer is taken for the next drops of the same kind: rules may change at any time. */
const ANSWER_HOLDS_MS = READ_EVERY_MS;
/** How an interface stands is said at most so often. */
const LINK_EVERY_MS = 20;
const QUEUE_MAX = 64;
/** Of one namespace and reason, so that the others get their turn. */
const QUEUE_MAX_OF_ONE = 8;
/** Drops that wait for one answer. */
const WAITING_MAX = 16;
const ANSWERS_MAX = 256;

export interface EvidenceSource {
  /** Never waits. */
  note(drop: DropNote): void;
  close(): void;
}

export interface EvidenceSourceOptions {
  readonly findNamespace: (inum: number) => NamespaceFacts | undefined;
  /** Everything that the tables tell about the drop. Must not reject. */
  readonly gather: (drop: DropNote, namespace: NamespaceFacts) => Promise<Evidence>;
  readonly send: (frame: EvidenceFrame) => void;
  /** ms, monotonic */
  readonly now: () => number;
}

interface Task {
  readonly key: string;
  readonly pace: string;
  readonly notes: DropNote[];
  readonly since: number;
}

export function createEvidenceSource({ findNamespace, gather, send, now }: EvidenceSourceOptions): EvidenceSource {
  const queue: Task[] = [];
  const answers = new Map<string, { facts: Evidence; at: number }>();
  const readAgainAt = new Map<string, number>();
  const saidLink = new Map<string, number>();
  let working: Task | null = null;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function answer(note: DropNote, facts: Evidence): void {
    if (Object.keys(facts).length > 0) send({ type: 'evidence', packet: note.packet, t: note.t, facts });
  }

  function sayLink(drop: DropNote): void {
    if (!wantsLink(drop)) return;
    const key = `${drop.inum} ${drop.ifindex}`;
    if (now() - (saidLink.get(key) ?? -Infinity) < LINK_EVERY_MS) return;
    if (saidLink.size > ANSWERS_MAX) saidLink.clear();
    saidLink.set(key, now());
    const namespace = findNamespace(drop.inum);
    if (namespace !== undefined) answer(drop, linkFacts(drop, namespace, findNamespace));
  }

  function remember(key: string, facts: Evidence, at: number): void {
    answers.delete(key);
    answers.set(key, { facts, at });
    const [oldest] = answers.keys();
    if (answers.size > ANSWERS_MAX && oldest !== undefined) answers.delete(oldest);
  }

  async function work(task: Task): Promise<void> {
    const [first] = task.notes;
    const namespace = first === undefined ? undefined : findNamespace(first.inum);
    if (first === undefined || namespace === undefined) return;
    const startedAt = now();
    const facts = await gather(first, namespace);
    const tookMs = now() - startedAt;
    readAgainAt.set(task.pace, startedAt + Math.max(READ_EVERY_MS, tookMs * (1 + REST)));
    if (closed) return;
    const dated = Object.keys(facts).length === 0 ? facts : { ...facts, 'source.read': Math.round(now() - task.since) };
    remember(task.key, dated, startedAt);
    for (const note of task.notes) answer(note, dated);
  }

  function next(): void {
    clearTimeout(timer);
    timer = undefined;
    if (closed || working !== null || queue.length === 0) return;
    const waits = queue.map(({ pace }) => (readAgainAt.get(pace) ?? -Infinity) - now());
    const at = waits.findIndex((wait) => wait <= 0);
    if (at < 0) {
      timer = setTimeout(next, Math.ceil(Math.min(...waits)));
      return;
    }
    const [task] = queue.splice(at, 1);
    if (task === undefined) return;
    working = task;
    void work(task).finally(() => {
      working = null;
      // Paces of namespaces that are gone must not pile up.
      if (readAgainAt.size > ANSWERS_MAX) readAgainAt.clear();
      next();
    });
  }

  return {
    note(drop) {
      if (closed || drop.inum === 0) return;
      sayLink(drop);
      if (planTables(drop).length === 0) return;
      const { src, dst } = drop.headers;
      const key = JSON.stringify([drop.inum, drop.ifindex, drop.iif, drop.reason, drop.symbol, src, dst]);
      const known = answers.get(key);
      if (known !== undefined && now() - known.at < ANSWER_HOLDS_MS) {
        answer(drop, known.facts);
        return;
      }
      const task = queue.find((each) => each.key === key) ?? (working?.key === key ? working : undefined);
      if (task !== undefined) {
        if (task.notes.length < WAITING_MAX) task.notes.push(drop);
        return;
      }
      const pace = `${drop.inum} ${drop.reason}`;
      const queued = queue.filter((each) => each.pace === pace).length;
      if (queue.length >= QUEUE_MAX || queued >= QUEUE_MAX_OF_ONE) return;
      queue.push({ key, pace, notes: [drop], since: now() });
      next();
    },
    close() {
      closed = true;
      clearTimeout(timer);
      queue.length = 0;
    },
  };
}
