// Evidence about drops from the machine's tables, put together: what to look for in the records, whom to ask, what to send.
import { performance } from 'node:perf_hooks';
import type { NamespaceFacts } from '@hopscope/model';
import { type Evidence, type EvidenceFrame, RECORD_BYTES } from '@hopscope/protocol';
import { createBaselines } from './baselines.ts';
import { type DropNote, decodeRecord, type NoteContext, noteDrop } from './drop-note.ts';
import { createEvidenceSource } from './evidence-source.ts';
import { gatherTables, placeOf } from './gather-tables.ts';
import { createNetfilterReader, shorten } from './netfilter/netfilter-reader.ts';
import { createNftTracer } from './nftrace/nft-tracer.ts';
import type { TracedTraffic } from './nftrace/trace-table.ts';
import { planTables } from './plan.ts';
import { readEchoIgnored } from './read-routes.ts';
import { createTableReader } from './table-reader.ts';
import { createUnansweredEchoes, type UnansweredEcho } from './unanswered-echoes.ts';

const LOOK_FOR_ECHOES_EVERY_MS = 150;
/** A request without a reply for this long is worth a look at the sysctls. */
const REPLY_WITHIN_MS = 200;
/** A namespace that does answer echoes, only not this one, is not asked again for so long. */
const ASK_AGAIN_MS = 10_000;
/** Packets whose rule is known exactly, so that an inferred one does not take its place. */
const EXACT_MAX = 256;

export interface DropEvidence {
  /** Looks at raw records before they are sent. @param drops offsets of the drops among them */
  inspect(records: Uint8Array, drops: readonly number[], context: NoteContext): void;
  /** The namespaces as they are now. */
  update(namespaces: readonly NamespaceFacts[]): void;
  close(): void;
}

export interface DropEvidenceOptions {
  readonly send: (frame: EvidenceFrame) => void;
  readonly warn: (text: string) => void;
  /** What is followed, where rules may be changed to trace it; null: nothing is changed. */
  readonly trace: TracedTraffic | null;
}

export function openDropEvidence({ send, warn, trace }: DropEvidenceOptions): DropEvidence {
  const now = () => performance.now();
  const reader = createTableReader(warn);
  const netfilter = createNetfilterReader(reader);
  const baselines = createBaselines((namespace) => netfilter.readBaseline(placeOf(namespace)));
  const echoes = createUnansweredEchoes();
  const askedAt = new Map<string, number>();
  const exact = new Set<string>();
  let byInum: ReadonlyMap<number, NamespaceFacts> = new Map();
  let originNs = 0n;
  let describing = false;

  const source = createEvidenceSource({
    findNamespace: (inum) => byInum.get(inum),
    gather: (note, namespace) => gatherTables(reader, netfilter, note, namespace).catch(() => ({})),
    send(frame) {
      const facts = exact.has(keyOf(frame)) ? withoutNetfilter(frame.facts) : frame.facts;
      send({ ...frame, facts });
    },
    now,
  });
  const tracer = trace === null ? null : createNftTracer({ traffic: trace, found: sendExact, warn, now });

  function sendExact(note: DropNote, facts: Evidence): void {
    exact.add(keyOf(note));
    const [oldest] = exact;
    if (exact.size > EXACT_MAX && oldest !== undefined) exact.delete(oldest);
    const { 'netfilter.rule': rule } = facts;
    const short = rule === undefined ? facts : { ...facts, 'netfilter.rule': shorten(String(rule)) };
    send({ type: 'evidence', packet: note.packet, t: note.t, facts: short });
    void describe(note, facts);
  }

  /** The rule in the words of the tool that wrote it; one read at a time, and none where the words are known. */
  async function describe(note: DropNote, facts: Evidence): Promise<void> {
    const { 'netfilter.handle': handle } = facts;
    const namespace = byInum.get(note.inum);
    if (typeof handle !== 'number' || namespace === undefined || describing) return;
    const nameOf = (key: 'family' | 'table' | 'chain') => String(facts[`netfilter.${key}`]);
    const rule = { family: nameOf('family'), table: nameOf('table'), chain: nameOf('chain'), handle };
    describing = true;
    const words = await netfilter.describe(placeOf(namespace), rule).catch(() => ({}));
    describing = false;
    if (Object.keys(words).length > 0) send({ type: 'evidence', packet: note.packet, t: note.t, facts: words });
  }

  async function explainSilence(echo: UnansweredEcho): Promise<void> {
    const namespace = byInum.get(echo.inum);
    const key = `${echo.inum} ${echo.family}`;
    if (namespace === undefined || now() - (askedAt.get(key) ?? -Infinity) < ASK_AGAIN_MS) return;
    const facts = await readEchoIgnored(reader, placeOf(namespace), echo.family);
    if (Object.keys(facts).length === 0) {
      askedAt.set(key, now());
      return;
    }
    const { packet, t } = decodeRecord(echo.record, originNs);
    send({ type: 'evidence', packet, t, facts });
  }

  let busy = false;
  const timer = setInterval(async () => {
    if (busy) return;
    busy = true;
    for (const echo of echoes.take(now(), REPLY_WITHIN_MS)) await explainSilence(echo).catch(() => undefined);
    busy = false;
  }, LOOK_FOR_ECHOES_EVERY_MS);
  timer.unref();

  return {
    inspect(records, drops, context) {
      originNs = context.originNs;
      echoes.scan(records, now());
      for (const at of drops) {
        const note = noteDrop(records.subarray(at, at + RECORD_BYTES), context);
        if (note === null) continue;
        source.note(note);
        const namespace = byInum.get(note.inum);
        if (tracer !== null && namespace !== undefined && planTables(note).includes('netfilter')) {
          tracer.note(note, placeOf(namespace), netfilter.netdevDevices(note.inum));
        }
      }
    },
    update(namespaces) {
      byInum = new Map(namespaces.map((each) => [each.inum, each]));
      for (const key of askedAt.keys()) if (!byInum.has(Number.parseInt(key, 10))) askedAt.delete(key);
      baselines.update(namespaces);
      tracer?.update(namespaces);
    },
    close() {
      clearInterval(timer);
      baselines.close();
      source.close();
      tracer?.close();
    },
  };
}

const keyOf = ({ packet, t }: { readonly packet: number; readonly t: number }) => `${packet} ${t}`;

function withoutNetfilter(facts: Evidence): Evidence {
  return Object.fromEntries(Object.entries(facts).filter(([key]) => !key.startsWith('netfilter.'))) as Evidence;
}
