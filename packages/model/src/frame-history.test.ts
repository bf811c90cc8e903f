import type { Hello, Ledger, ServerFrame, TimeNs, Topology, TopologyChange } from '@hopscope/protocol';
import { netnsId, RECORD_LAYOUT } from '@hopscope/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFrameHistory, type FrameHistory } from './frame-history.ts';
import { applyChanges } from './topology.ts';

const hello: Hello = {
  type: 'hello',
  ...RECORD_LAYOUT,
  agent: { version: '0' },
  host: { name: 'h', kernel: '6', bootId: 'b' },
  clock: { monotonicNs: '0', wallNs: '0' },
  dropReasons: {},
  features: [],
  lab: false,
};
const at = (ns: number) => ns as TimeNs;
const put = (inum: number, name: string): TopologyChange => ({
  op: 'put',
  namespace: {
    id: netnsId('0', inum),
    inum,
    cookie: '',
    host: inum === 1,
    names: [{ text: name, source: 'inum', image: '', project: '' }],
    links: [],
    defaultRoutes: [],
  },
});
const ledger = (seen: number): Ledger => ({
  type: 'ledger',
  seen,
  delivered: seen,
  pending: 0,
  lost: {},
  identityFull: 0,
  recursionMisses: 0,
  sampledOneIn: 1,
  final: false,
});

/** The topology and location names that a reader has after the whole history. */
function read(history: FrameHistory): { topology: Topology | null; locations: Record<string, string> } {
  let topology = history.start?.topology?.topology ?? null;
  const locations = { ...history.start?.locations };
  for (const { frame } of history.entries()) {
    if (frame instanceof Uint8Array) continue;
    if (frame.type === 'topology') topology = frame.topology;
    if (frame.type === 'topology-patch' && topology !== null) topology = applyChanges(topology, frame.changes);
    if (frame.type === 'locations') Object.assign(locations, frame.names);
  }
  return { topology, locations };
}

describe('the history of frames', () => {
  it('keeps nothing before hello, and begins anew with that of another capture', () => {
    const history = createFrameHistory({ maxBytes: 1e6, maxNs: 1e9 });
    history.add(new Uint8Array(10), at(1));
    expect([history.start, history.entries()]).toEqual([null, []]);
    history.add(hello, at(2));
    history.add(new Uint8Array(10), at(3));
    expect(history.entries()).toHaveLength(1);
    history.add(hello, at(3));
    expect(history.entries()).toHaveLength(2);
    history.add({ ...hello, host: { ...hello.host, bootId: 'other' } }, at(4));
    expect(history).toMatchObject({ bytes: 0, endNs: 4, start: { t: 4 } });
    expect(history.entries()).toEqual([]);
  });

  it('takes what came before any packet for the picture that it starts with', () => {
    const history = createFrameHistory({ maxBytes: 1e6, maxNs: 1e9 });
    history.add(hello, null);
    history.add({ type: 'topology', version: 7, topology: { namespaces: [] } }, null);
    history.add(ledger(3), null);
    history.add(new Uint8Array(10), at(5e9));
    expect(history.start).toMatchObject({ t: 5e9, topology: { version: 7 }, ledger: { seen: 3 }, isCut: false });
    expect(history.entries()).toHaveLength(1);
  });

  it('answers what came since an entry, and says when that is cut', () => {
    const history = createFrameHistory({ maxBytes: 50, maxNs: 1e9 });
    history.add(hello, at(0));
    for (const t of [10, 20, 30, 40]) history.add(new Uint8Array(20), at(t));
    expect(history.start?.isCut).toBe(true);
    expect(history.entries(0).map(({ index }) => index)).toEqual([2, 3]);
    expect(history.entries(3).map(({ index }) => index)).toEqual([3]);
    expect(history.entries(4)).toEqual([]);
  });

  it('lets go of what is too old or too much, but never of the newest', () => {
    const history = createFrameHistory({ maxBytes: 100, maxNs: 50 });
    history.add(hello, at(0));
    for (const t of [10, 20, 30, 55]) history.add(new Uint8Array(20), at(t));
    expect(history.entries().map(({ t }) => t)).toEqual([10, 20, 30, 55]);
    history.add(new Uint8Array(20), at(65));
    expect(history.entries().map(({ t }) => t)).toEqual([20, 30, 55, 65]);
    history.add(new Uint8Array(1000), at(66));
    expect(history.entries().map(({ t }) => t)).toEqual([66]);
    expect(history).toMatchObject({ bytes: 1000, start: { t: 65 } });
  });

  it('never goes back in time', () => {
    const history = createFrameHistory({ maxBytes: 1000, maxNs: 50 });
    history.add(hello, at(0));
    history.add(new Uint8Array(1), at(9));
    history.add(ledger(1), at(5));
    expect(history.entries().map(({ t }) => t)).toEqual([9, 9]);
  });

  it('a reader that begins with it knows what one knows that was there all the time', () => {
    const frame = fc.oneof(
      fc.nat(500).map((size): ServerFrame | Uint8Array => new Uint8Array(size)),
      fc.tuple(fc.integer({ min: 1, max: 4 }), fc.string()).map(([inum, name]) => [put(inum, name)]),
      fc.integer({ min: 1, max: 4 }).map((inum): TopologyChange[] => [{ op: 'remove', id: netnsId('0', inum) }]),
      fc.tuple(fc.nat(5), fc.string()).map(
        ([i, name]): ServerFrame => ({
          type: 'locations',
          names: { [i]: name },
        }),
      ),
      fc.nat().map(ledger),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(frame, fc.nat(30)), { maxLength: 80 }), ([...steps]) => {
        const [bounded, whole] = [
          { maxBytes: 800, maxNs: 100 },
          { maxBytes: 1e9, maxNs: 1e9 },
        ].map(createFrameHistory);
        if (bounded === undefined || whole === undefined) throw new Error('two histories');
        let [t, version] = [0, 1];
        const add = (one: ServerFrame | Uint8Array) => {
          bounded.add(one, at(t));
          whole.add(one, at(t));
        };
        add(hello);
        add({ type: 'topology', version, topology: { namespaces: [] } });
        for (const [one, later] of steps) {
          t += later;
          add(Array.isArray(one) ? { type: 'topology-patch', version: ++version, changes: one } : one);
        }
        expect(read(bounded)).toEqual(read(whole));
        const entries = bounded.entries();
        expect(entries.length === 1 || bounded.bytes <= 800).toBe(true);
        expect(entries).toEqual(whole.entries().slice(-entries.length));
      }),
    );
  });
});
