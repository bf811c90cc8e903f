import { type Recording, RecordingError, type TimeNs } from '@hopscope/protocol';
import { describe, expect, it } from 'vitest';
import { createRecordedHistory, type RecordedHistory } from './recorded.ts';
import { testHello } from './test-frames.ts';

const MIB = 1024 * 1024;
const notice = (text: string) => ({ type: 'notice' as const, level: 'info' as const, text });

/** Blocks of two entries each, of which all but the first begin with one that says again what is known. */
function createTest(count: number, brokenAt: number | null = null) {
  const reads: number[] = [];
  const blocks = Array.from({ length: count }, (_, i) => ({
    offset: i,
    packedBytes: 100,
    rawBytes: 20 * MIB,
    hops: 10,
    firstNs: i * 10,
    lastNs: i * 10 + 5,
    isKeyframe: true,
    keyframes: i === 0 ? 0 : 1,
  }));
  const recording: Pick<Recording, 'blocks' | 'damage' | 'read'> = {
    blocks,
    damage: null,
    async read({ offset }) {
      reads.push(offset);
      if (offset === brokenAt) throw new RecordingError(`the block at byte ${offset} is broken`);
      const own = [0, 5].map((t) => ({ t: (offset * 10 + t) as TimeNs, frame: notice(`${offset}+${t}`) }));
      return offset === 0 ? own : [{ t: (offset * 10) as TimeNs, frame: notice('again') }, ...own];
    },
  };
  let onLoaded = (): void => {};
  const history = createRecordedHistory({ recording, hello: testHello, onLoaded: () => onLoaded() });
  const loaded = () =>
    new Promise<void>((resolve) => {
      onLoaded = resolve;
    });
  return { history, reads, loaded };
}

/** Reads on as a player does. */
async function readAll(history: RecordedHistory, loaded: () => Promise<void>): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const entries = history.entries(texts.length, 3);
    for (const { index, frame } of entries) {
      expect(index).toBe(texts.length);
      texts.push('text' in frame ? frame.text : '');
    }
    if (entries.length === 0 && !history.isLoading(texts.length)) return texts;
    if (entries.length === 0) await loaded();
  }
}

describe('a recording as a history', () => {
  it('gives every entry once, in order, and reads blocks when they are wanted', async () => {
    const { history, reads, loaded } = createTest(5);
    expect(reads).toEqual([]);
    expect(await readAll(history, loaded)).toEqual([0, 1, 2, 3, 4].flatMap((i) => [`${i}+0`, `${i}+5`]));
    expect(history.startNs).toBe(0);
    expect(history.endNs).toBe(45);
    expect(history.damage).toBeNull();
  });

  it('reads a block again that it has let go of', async () => {
    const { history, reads, loaded } = createTest(6);
    await readAll(history, loaded);
    const before = reads.filter((block) => block === 0).length;
    expect((await readAll(history, loaded)).length).toBe(12);
    expect(reads.filter((block) => block === 0).length).toBe(before + 1);
  });

  it('ends before a block that is broken, and says what is shown', async () => {
    const { history, loaded } = createTest(4, 2);
    expect(await readAll(history, loaded)).toEqual(['0+0', '0+5', '1+0', '1+5']);
    expect(history.endNs).toBe(15);
    expect(history.damage).toBe('the block at byte 2 is broken: the 20 hops before it are shown');
  });
});
