// An echo request that arrives and is not answered because a sysctl says so is freed as if it were read: no drop, and no reply.
// This looks for namespaces that take in requests and make no reply, so that only their sysctls need to be read. A reply leaves before
// its request is freed.
import { FLAG, OFFSET, RECORD_BYTES, STAGE } from '@hopscope/protocol';

const ENDS = FLAG.FIRST | FLAG.LAST;
const REQUEST = { 4: 8, 6: 128 } as const;
const REPLY = { 4: 0, 6: 129 } as const;
/** Type, code, checksum, id, sequence number. */
const ECHO_BYTES = 8;
const ETHERTYPE_IPV6 = 0x86dd;
const UDP_OR_TCP: ReadonlySet<number | undefined> = new Set([6, 17]);
const NAMESPACES_MAX = 256;
/** Replies that are remembered until their requests are freed: some µs. */
const REPLIES_KEPT = 256;

export interface UnansweredEcho {
  readonly inum: number;
  readonly family: 4 | 6;
  /** Its last record. */
  readonly record: Uint8Array;
}

export interface UnansweredEchoes {
  /** @param records whole records, one behind the other; @param nowMs any clock, the same in `take` */
  scan(records: Uint8Array, nowMs: number): void;
  /** Requests that have waited for so long in a namespace that made no reply since, one of each namespace. Each is answered once. */
  take(nowMs: number, waitMs: number): UnansweredEcho[];
}

export function createUnansweredEchoes(): UnansweredEchoes {
  /** By namespace and family; as a number, because every packet comes by here. */
  const waiting = new Map<number, UnansweredEcho & { since: number }>();
  const replies = new Set<number>();
  const inOrder = new Float64Array(REPLIES_KEPT);
  let next = 0;

  function noteReply(echo: number): void {
    if (replies.has(echo)) return;
    replies.delete(inOrder[next] ?? 0);
    replies.add(echo);
    inOrder[next] = echo;
    next = (next + 1) % REPLIES_KEPT;
  }

  function look(view: DataView, records: Uint8Array, at: number, nowMs: number): void {
    const family = view.getUint16(at + OFFSET.protocol, true) === ETHERTYPE_IPV6 ? 6 : 4;
    const headers = at + OFFSET.headers;
    const l4 = view.getUint16(at + OFFSET.l4_offset, true);
    if (l4 + ECHO_BYTES > view.getUint16(at + OFFSET.header_len, true)) return;
    const type = records[headers + l4];
    const isReply = type === REPLY[family];
    if (!isReply && (type !== REQUEST[family] || records[at + OFFSET.stage] !== STAGE.consume_skb)) return;
    const l3 = view.getUint16(at + OFFSET.l3_offset, true);
    if (UDP_OR_TCP.has(records[headers + l3 + (family === 4 ? 9 : 6)])) return;
    const inum = view.getUint32(at + OFFSET.netns_inum, true);
    // Id and sequence number, in the namespace as far as its number fits below 2^53.
    const echo = view.getUint32(headers + l4 + 4) + (inum % 2 ** 20) * 2 ** 32;
    const key = inum * 8 + family;
    if (isReply) {
      noteReply(echo);
      waiting.delete(key);
    } else if (!waiting.has(key) && !replies.has(echo)) {
      if (inum === 0 || waiting.size >= NAMESPACES_MAX) return;
      waiting.set(key, { inum, family, record: records.slice(at, at + RECORD_BYTES), since: nowMs });
    }
  }

  return {
    scan(records, nowMs) {
      const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
      for (let at = 0; at + RECORD_BYTES <= records.byteLength; at += RECORD_BYTES) {
        // Everything between a packet's first sight and its end is skipped here.
        if (((records[at + OFFSET.flags] ?? 0) & ENDS) !== 0) look(view, records, at, nowMs);
      }
    },
    take(nowMs, waitMs) {
      const due = [...waiting.entries()].filter(([, { since }]) => nowMs - since >= waitMs);
      for (const [key] of due) waiting.delete(key);
      return due.map(([, echo]) => echo);
    },
  };
}
