import { createFrameHistory, type FrameHistory } from '@hopscope/model';
import type { Hop, Ledger, ServerFrame, TimeNs, TopologyChange } from '@hopscope/protocol';
import { netnsId } from '@hopscope/protocol';
import { describe, expect, it } from 'vitest';
import { dropReasons } from '../../../../packages/model/src/test-trace.ts';
import { buildWorld, type Ping } from '../../../../packages/model/src/test-world.ts';
import { createPlayer } from './player.ts';
import { batchOf, testHello as hello } from './test-frames.ts';
import { createWorld, type World } from './world.ts';

const testHello = { ...hello, dropReasons };

const PLAIN: Ping = {
  what: 'echo',
  pair: 0,
  startUs: 0,
  stepUs: 2,
  to: 'server',
  family: 4,
  seq: 1,
  expandAt: null,
  rebuildAt: null,
  nat: false,
  neighbourClone: false,
  sniffer: false,
  flood: false,
  fragments: 0,
  dropAt: null,
  error: false,
  silent: false,
  tunnel: false,
  cpu: 0,
};
const S = 1e6;
/** Eight seconds of all kinds: answered, dropped, translated, flooded, in fragments, never answered. */
const PINGS: readonly Ping[] = [
  { ...PLAIN, startUs: 0.2 * S },
  { ...PLAIN, startUs: 0.9 * S, seq: 2, dropAt: 2 },
  { ...PLAIN, startUs: 1.5 * S, seq: 3, to: 'outside', nat: true },
  { ...PLAIN, startUs: 2.1 * S, seq: 4, pair: 1, fragments: 2 },
  { ...PLAIN, startUs: 2.6 * S, seq: 5, what: 'udp', silent: true },
  { ...PLAIN, startUs: 3.3 * S, seq: 6, what: 'tcp', dropAt: 1, error: true },
  { ...PLAIN, startUs: 6.2 * S, seq: 7, flood: true, sniffer: true },
  { ...PLAIN, startUs: 7.9 * S, seq: 8, stepUs: 5000 },
];
const END_NS = 8.5e9;

const put = (inum: number): TopologyChange => ({
  op: 'put',
  namespace: {
    id: netnsId(String(inum), inum),
    inum,
    cookie: String(inum),
    host: inum === 1,
    names: [],
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

/** Batches of up to ten hops within 20 ms; a container that comes and goes; a ledger each second; a connection that is lost once. */
function framesOf(hops: readonly Hop[]): { t: number; frame: ServerFrame | Uint8Array }[] {
  const frames: { t: number; frame: ServerFrame | Uint8Array }[] = [
    { t: 0, frame: testHello },
    { t: 0, frame: { type: 'topology', version: 1, topology: { namespaces: [] } } },
    { t: 1e9, frame: { type: 'topology-patch', version: 2, changes: [put(1), put(7)] } },
    { t: 4e9, frame: { type: 'topology-patch', version: 3, changes: [{ op: 'remove', id: netnsId('7', 7) }] } },
    { t: 5e9, frame: testHello },
  ];
  let group: Hop[] = [];
  let taken = 0;
  const flush = (): void => {
    if (group.length > 0) frames.push({ t: Math.max(...group.map((hop) => hop.t)), frame: batchOf(group, taken) });
    taken += group.length;
    group = [];
  };
  for (const hop of hops) {
    if (group.length === 10 || (group[0] !== undefined && hop.t - group[0].t > 20e6)) flush();
    group.push(hop);
  }
  flush();
  for (let second = 1; second <= 8; second++) {
    const seen = hops.filter((hop) => hop.t <= second * 1e9).length;
    frames.push({ t: second * 1e9 + 5000, frame: ledger(seen) });
  }
  return frames.sort((a, b) => a.t - b.t);
}

function picture(world: World): unknown {
  const { traffic, topology } = world;
  const exchanges = traffic.ids().map((id) => traffic.exchange(id));
  const rates = traffic.rates.read(0, Number.MAX_SAFE_INTEGER, 1000);
  return JSON.parse(
    JSON.stringify({ topology, exchanges, ledger: traffic.account.read(), paths: traffic.paths.paths(), rates }),
  );
}

/** A page that was there all the time, looking for time-outs four times a second. */
function watchLive(frames: ReturnType<typeof framesOf>, history: FrameHistory, at: readonly number[]): unknown[] {
  const world = createWorld(() => {});
  const pictures: unknown[] = [];
  let next = 0;
  for (let t = 0; t <= END_NS; t += 250e6) {
    for (; next < frames.length && (frames[next]?.t ?? 0) <= t; next++) {
      const { t: frameT, frame } = frames[next] as (typeof frames)[number];
      world.take(frame, frameT / 1e6);
      history.add(frame, frameT as TimeNs);
    }
    if (t > 0) world.traffic.tick(t / 1e6);
    if (at.includes(t)) pictures.push(picture(world));
  }
  return pictures;
}

const never = (): boolean => false;
const always = (): boolean => true;
const frames = framesOf(buildWorld(PINGS, { sharedHost: true }).map(({ hop }) => hop));
const moments = [0.25e9, 1e9, 1.75e9, 3.5e9, 5e9, 7e9, END_NS];

function setUp(maxBytes = 1e9) {
  const history = createFrameHistory({ maxBytes, maxNs: 1e12 });
  const pictures = watchLive(frames, history, moments);
  const player = createPlayer({ history, onExchange: () => {} });
  return { history, pictures, player };
}

describe('a moment that is played again', () => {
  it('shows what the page showed then: topology, exchanges, statistics and ledger', () => {
    const { pictures, player } = setUp();
    for (const [i, t] of moments.entries()) {
      expect(player.seek(t as TimeNs, never)).toBe(1);
      expect(picture(player.world)).toEqual(pictures[i]);
    }
    const verdicts = new Set(player.world.traffic.ids().map((id) => player.world.traffic.exchange(id)?.verdict));
    expect([...verdicts].sort()).toEqual(expect.arrayContaining(['dropped', 'error', 'replied']));
    expect(player.world.traffic.ids()).toHaveLength(PINGS.length);
  });

  it('is the same from whichever side one comes', () => {
    const { pictures, player } = setUp();
    for (const i of [6, 2, 5, 0, 3]) {
      player.seek(moments[i] as TimeNs, never);
      expect(picture(player.world)).toEqual(pictures[i]);
    }
  });

  it('is reached in slices, one frame at least in each, and says how far it is', () => {
    const { pictures, player } = setUp();
    const steps: number[] = [];
    do steps.push(player.seek(END_NS as TimeNs, always));
    while ((steps.at(-1) ?? 1) < 1 && steps.length < 1000);
    expect(steps.length).toBeGreaterThan(frames.length);
    expect(steps.length).toBeLessThan(1000);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(picture(player.world)).toEqual(pictures.at(-1));
  });

  it('goes on with what came meanwhile', () => {
    const history = createFrameHistory({ maxBytes: 1e9, maxNs: 1e12 });
    const late = frames.findIndex(({ t }) => t > 3e9);
    for (const { t, frame } of frames.slice(0, late)) history.add(frame, t as TimeNs);
    const player = createPlayer({ history, onExchange: () => {} });
    player.seek(3e9 as TimeNs, never);
    for (const { t, frame } of frames.slice(late)) history.add(frame, t as TimeNs);
    player.seek(END_NS as TimeNs, never);
    expect(picture(player.world)).toEqual(setUp().pictures.at(-1));
  });

  it('before the oldest that is held is the oldest; what had begun by then is incomplete', () => {
    // The last ping's hops are more than fit.
    const { history, player } = setUp(3000);
    const { start } = history;
    expect(start).toMatchObject({ isCut: true });
    player.seek(0 as TimeNs, never);
    expect(player.t).toBe(start?.t);
    player.seek(END_NS as TimeNs, never);
    const { traffic } = player.world;
    expect(traffic.ids().map((id) => traffic.exchange(id)?.incomplete)).toEqual([true]);
    expect(player.world.topologyVersion).toBe(3);
  });

  it('starts from the oldest when what it would show next was let go of', () => {
    const history = createFrameHistory({ maxBytes: 8000, maxNs: 1e12 });
    const player = createPlayer({ history, onExchange: () => {} });
    for (const { t, frame } of frames.filter((each) => each.t < 1e9)) history.add(frame, t as TimeNs);
    player.seek(1e9 as TimeNs, never);
    const before = player.world;
    for (const { t, frame } of frames.filter((each) => each.t >= 1e9)) history.add(frame, t as TimeNs);
    player.seek(1.1e9 as TimeNs, never);
    expect(player.world).not.toBe(before);
    expect(player.t).toBe(history.start?.t);
  });
});
