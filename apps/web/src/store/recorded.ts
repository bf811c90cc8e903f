// A recording as a history: any moment in it can be shown, by the player that shows the last minutes. Its blocks are unpacked when they are
// wanted, and the least recently used ones are let go, so that a long file needs no more memory than a short one.
import type { HistoryEntry, HistoryStart } from '@hopscope/model';
import type { Hello, Recording, TimeNs } from '@hopscope/protocol';
import type { HistoryView } from './history.ts';

export interface RecordedHistory extends HistoryView {
  /** Whether entries from this one on have yet to be read: `onLoaded` tells when there is more. */
  isLoading(from: number): boolean;
  /** Why it could not be read to its end, and what was; null as long as nothing is wrong. */
  readonly damage: string | null;
}

export interface RecordedOptions {
  readonly recording: Pick<Recording, 'blocks' | 'damage' | 'read'>;
  readonly hello: Hello;
  onLoaded(): void;
}

/** Of unpacked blocks. */
const CACHE_BYTES = 64 * 1024 * 1024;

export function createRecordedHistory({ recording, hello, onLoaded }: RecordedOptions): RecordedHistory {
  const { blocks } = recording;
  const startNs = (blocks[0]?.firstNs ?? 0) as TimeNs;
  const start: HistoryStart = { t: startNs, hello, topology: null, locations: {}, ledger: null, isCut: false };
  /** Index of each block's first entry; known once all blocks before it were read. */
  const firsts: number[] = [0];
  const cache = new Map<number, readonly HistoryEntry[]>();
  const loading = new Set<number>();
  /** Blocks from here on cannot be read. */
  let end = blocks.length;
  let broken: string | null = null;

  function blockOf(index: number): number {
    let block = firsts.length - 1;
    while (block > 0 && (firsts[block] as number) > index) block--;
    return block;
  }

  async function load(at: number): Promise<void> {
    const block = blocks[at];
    if (block === undefined || at >= end || cache.has(at) || loading.has(at)) return;
    // What it begins with is known once the one before it was read.
    const first = firsts[at];
    if (first === undefined) return;
    loading.add(at);
    try {
      const entries = await recording.read(block);
      const told = at === 0 ? entries : entries.slice(block.keyframes);
      firsts[at + 1] = first + told.length;
      cache.set(
        at,
        told.map(({ t, frame }, i) => ({ index: first + i, t, frame })),
      );
      trim(at);
    } catch (error) {
      end = Math.min(end, at);
      broken = `${error instanceof Error ? error.message : String(error)}: ${whatWasRead(at)}`;
    } finally {
      loading.delete(at);
      onLoaded();
    }
  }

  function trim(newest: number): void {
    let bytes = 0;
    for (const at of cache.keys()) bytes += blocks[at]?.rawBytes ?? 0;
    for (const at of cache.keys()) {
      if (bytes <= CACHE_BYTES || at === newest) break;
      bytes -= blocks[at]?.rawBytes ?? 0;
      cache.delete(at);
    }
  }

  function whatWasRead(before: number): string {
    const hops = blocks.slice(0, before).reduce((sum, block) => sum + block.hops, 0);
    return hops === 0 ? 'nothing could be read' : `the ${hops} hops before it are shown`;
  }

  return {
    start,
    startNs,
    get endNs() {
      return (blocks[end - 1]?.lastNs ?? startNs) as TimeNs;
    },
    entries(from = 0, most = Number.POSITIVE_INFINITY) {
      for (let at = blockOf(from); at < end; at++) {
        const held = cache.get(at);
        if (held === undefined) {
          void load(at);
          return [];
        }
        void load(at + 1);
        const skip = from - (firsts[at] as number);
        if (skip >= held.length) continue;
        // Looked at last, let go last.
        cache.delete(at);
        cache.set(at, held);
        return held.slice(skip, skip + most);
      }
      return [];
    },
    isLoading(from) {
      const at = blockOf(from);
      return at < end && !cache.has(at);
    },
    get damage() {
      if (broken !== null) return broken;
      const { damage } = recording;
      return damage === null ? null : `at byte ${damage.offset}: ${damage.message}: ${whatWasRead(blocks.length)}`;
    },
  };
}
