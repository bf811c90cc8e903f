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
  const waiting = new Map<string, UnansweredEcho & { since: number }>();
  const replies = new Set<number>();

  function noteReply(echo: number): void {
    replies.delete(echo);
    replies.add(echo);
    const [oldest] = replies;
    if (replies.size > REPLIES_KEPT && oldest !== undefined) replies.delete(oldest);
  }

  function look(view: DataView, records: Uint8Array, at: number, nowMs: number): void {
    const stage = view.getUint8(at + OFFSET.stage);
    const family = view.getUint16(at + OFFSET.protocol, true) === ETHERTYPE_IPV6 ? 6 : 4;
    const l4 = view.getUint16(at + OFFSET.l4_offset, true);
    if (l4 + ECHO_BYTES > view.getUint16(at + OFFSET.header_len, true)) return;
    const type = view.getUint8(at + OFFSET.headers + l4);
    const inum = view.getUint32(at + OFFSET.netns_inum, true);
    if (type !== REPLY[family] && (type !== REQUEST[family] || stage !== STAGE.consume_skb)) return;
    // Id and sequence number, in the namespace as far as its number fits below 2^53.
    const echo = view.getUint32(at + OFFSET.headers + l4 + 4) + (inum % 2 ** 20) * 2 ** 32;
    const key = `${inum} ${family}`;
    if (type === REPLY[family]) {
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
        const flags = view.getUint8(at + OFFSET.flags);
        if ((flags & ENDS) !== 0) look(view, records, at, nowMs);
      }
    },
    take(nowMs, waitMs) {
      const due = [...waiting.entries()].filter(([, { since }]) => nowMs - since >= waitMs);
      for (const [key] of due) waiting.delete(key);
      return due.map(([, echo]) => echo);
    },
  };
}
