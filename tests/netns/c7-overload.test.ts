// C7: far more than can be taken in. What is counted is exact to the packet, what is followed is whole, and all of it comes back to normal.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createAssembler, createLossWatch, type Exchange, lossGrowth } from '@hopscope/model';
import { openCapture } from '@hopscope/native';
import { type Ledger, RECORD_BYTES, type TimeNs } from '@hopscope/protocol';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { imbalance, openPage, type Page, PROGRAM, type Serving, startServe } from './support/hopscope.ts';
import { compareCounters, type OverloadLab, startOverloadLab } from './support/overload-lab.ts';
import { describeUnless, whyNoPrograms, whyNotRoot } from './support/privilege.ts';
import { recordScore } from './support/scores.ts';

const SMALL_RING_BYTES = 65_536;
const PINGS_EACH = 40_000;
/** a0, p0, p1, b0. */
const CROSSINGS = 4;

describeUnless(whyNotRoot(), whyNoPrograms())('C7: a flood beyond capacity', () => {
  let lab: OverloadLab;
  let agent: Serving | undefined;
  beforeAll(async () => {
    lab = await startOverloadLab();
  });
  afterEach(async () => {
    await agent?.stop('SIGINT');
    agent = undefined;
  });
  afterAll(() => lab?.lab.stop());

  test.each([
    ['a reader that never comes', 0],
    ['a reader that comes every 20 ms', 20],
  ])(
    'a ring of 64 KiB and %s: the counters equal those of ip -s, and nothing is lost without being counted',
    async (what, everyMs) => {
      const before = await lab.readLinks();
      const capture = openCapture({ netns: [...lab.netns], ringBytes: SMALL_RING_BYTES });
      try {
        const buffer = new Uint8Array(1000 * RECORD_BYTES);
        const timer = everyMs === 0 ? undefined : setInterval(() => capture.drain(buffer), everyMs);
        await lab.flood(PINGS_EACH);
        clearInterval(timer);
        const after = await lab.readLinks();
        capture.detach();
        const { difference, packets } = compareCounters(capture.deviceCounters(), before, after);
        while (capture.drain(buffer) > 0) {
          // To the last record.
        }
        const { seen, drained, ringFull, sampledOut } = capture.counters();
        const unaccounted = seen - drained - ringFull - sampledOut;
        expect({ difference, unaccounted }).toEqual({ difference: 0, unaccounted: 0 });
        expect(ringFull + sampledOut).toBeGreaterThan(seen / 2);
        recordScore('C7', `64 KiB ring, ${what}`, {
          'packets in ip -s': packets,
          'difference to our counters': difference,
          records: seen,
          'lost without being counted': unaccounted,
        });
      } finally {
        capture.close();
      }
    },
  );

  test.each([
    ['8 MiB ring', []],
    ['64 KiB ring', ['--buffer', '64']],
  ])(
    '%s: every ledger balances, what a page is shown is whole, and everything is followed again afterwards',
    async (ring, flags) => {
      agent = await startServe(flags);
      const live = await openPage(agent.port);
      const slow = await openPage(agent.port, { ackEveryMs: 300 });
      const stopped = await openPage(agent.port);
      const pages = { live, slow, stopped };
      for (const page of Object.values(pages)) await expect.poll(() => page.ledger()).toBeDefined();
      stopped.socket.pause();
      const pings = await lab.flood(PINGS_EACH);
      stopped.socket.resume();
      for (const page of Object.values(pages)) {
        // The last word about the flood: each crossing makes two records on each way.
        await expect.poll(() => page.ledger()?.seen ?? 0, { timeout: 15_000 }).toBeGreaterThan(pings * CROSSINGS * 4);
        await expect.poll(() => page.ledger()?.sampledOneIn, { timeout: 15_000 }).toBe(1);
      }
      const shares: Record<string, number | string> = {};
      for (const [name, page] of Object.entries(pages)) {
        const unbalanced = page.ledgers.filter(({ ledger }) => imbalance(ledger) !== 0);
        expect([name, unbalanced]).toEqual([name, []]);
        const { shown, whole, unmarked, complete } = judge(page);
        // Whatever is not whole says so, but for splits.
        expect([name, unmarked <= splitsAllowed(shown)]).toEqual([name, true]);
        expect([name, shown > 50, whole / shown > 0.95]).toEqual([name, true, true]);
        if (!hasHoles(page.ledger())) expect([name, shown - complete]).toEqual([name, 0]);
        shares[`exchanges shown to the ${name} page`] = shown;
        shares[`whole on the ${name} page`] = percent(whole, shown);
        shares[`not whole and not marked on the ${name} page`] = unmarked;
        shares[`marked incomplete on the ${name} page`] = shown - complete;
      }
      const { lost = {}, seen = 0, identityFull = 0, recursionMisses = 0 }: Partial<Ledger> = live.ledger() ?? {};
      recordScore('C7', `${ring}: a live, a slow and a stopped page`, {
        records: seen,
        'ledgers that do not balance': 0,
        ...shares,
        'followed afterwards': '1 in 1',
        'lost in the kernel, cutting paths': lost['ring-full'] ?? 0,
        'lost between the processes': lost['capture-queue'] ?? 0,
        'shed for the live page': lost['page-queue'] ?? 0,
        'packets forgotten early': identityFull,
        'events that the kernel skipped': recursionMisses,
      });
    },
    60_000,
  );

  test('a trace that nobody reads for a while: every ledger balances, and what is printed is whole', async () => {
    const filter = [...lab.netns].flatMap((inum) => ['--filter-netns', String(inum)]);
    const trace = startUnread(['trace', '--json', ...filter]);
    await trace.ready;
    const pings = await lab.flood(PINGS_EACH);
    const lines = await trace.readAll();
    const ledgers = lines.filter((line) => line.type === 'ledger');
    const last = ledgers.at(-1);
    expect(ledgers.filter(({ seen, delivered, pending, missed }) => seen !== delivered + pending + missed)).toEqual([]);
    expect(last).toMatchObject({ final: true, pending: 0 });
    expect(last?.seen).toBeGreaterThan(pings * CROSSINGS * 4);
    const exchanges = lines.filter((line) => line.type === 'exchange');
    const whole = exchanges.filter(({ hops }) => hops.length === 2 * CROSSINGS);
    const unmarked = exchanges.filter((exchange) => !whole.includes(exchange) && !exchange.incomplete);
    expect(unmarked.length).toBeLessThanOrEqual(splitsAllowed(exchanges.length));
    expect([exchanges.length > 50, whole.length / exchanges.length > 0.95]).toEqual([true, true]);
    recordScore('C7', '8 MiB ring: a trace that nobody reads meanwhile', {
      records: last?.seen ?? 0,
      'ledgers that do not balance': 0,
      'exchanges printed': exchanges.length,
      whole: percent(whole.length, exchanges.length),
      'not whole and not marked': unmarked.length,
      'marked incomplete': exchanges.filter(({ incomplete }) => incomplete).length,
      'lost between the processes': last?.lost['capture-queue'] ?? 0,
    });
  }, 60_000);

  function hasHoles(ledger: Ledger | undefined): boolean {
    return ledger === undefined || lossGrowth(null, ledger).incomplete;
  }

  /** What a page's assembler makes of what it was sent, of this lab's pings. */
  function judge({ stream }: Page): { shown: number; whole: number; unmarked: number; complete: number } {
    const assembler = createAssembler({ dropReasons: {}, keep: 1_000_000 });
    const losses = createLossWatch('here');
    let lastNs = 0;
    for (const each of stream) {
      if ('type' in each) {
        assembler.noteMissed(losses.onLedger(each));
        continue;
      }
      const { gap, unplaced } = losses.onBatch(each);
      assembler.noteMissed(unplaced);
      assembler.noteMissed(gap, lastNs as TimeNs, each.count > 0 ? each.hop(0).t : undefined);
      for (let i = 0; i < each.count; i++) {
        const hop = each.hop(i);
        lastNs = hop.t;
        assembler.add(hop);
      }
    }
    assembler.advance((lastNs + 1e10) as TimeNs);
    const ours = assembler
      .ids()
      .map((id) => assembler.exchange(id))
      .filter((exchange) => exchange !== undefined && isOurs(exchange)) as Exchange[];
    // Whether the reply was read is another question: ping ends without waiting for the last one.
    const isWhole = ({ request, reply }: Exchange) =>
      request?.crossings.length === CROSSINGS && reply?.crossings.length === CROSSINGS;
    return {
      shown: ours.length,
      whole: ours.filter(isWhole).length,
      unmarked: ours.filter((exchange) => !isWhole(exchange) && !exchange.incomplete).length,
      complete: ours.filter(({ incomplete }) => !incomplete).length,
    };
  }

  function isOurs({ request, reply, errors }: Exchange): boolean {
    return [request, reply, ...errors].some((journey) =>
      journey?.crossings.some(({ netnsInum }) => lab.netns.has(netnsInum)),
    );
  }
});

/**
 * What is not whole must say so, but for a packet whose place in the identity table two CPUs wanted at the same instant (bpf/include/
 * identity.bpf.h): its other half may be left out, and nobody knows. Seen for one exchange in some thousands on a machine under load.
 */
const splitsAllowed = (shown: number) => Math.max(2, shown / 500);

const percent = (part: number, whole: number) => `${((100 * part) / whole).toFixed(1)} %`;

interface LedgerLine extends Omit<Ledger, 'identityFull' | 'recursionMisses' | 'sampledOneIn'> {
  readonly missed: number;
}
interface ExchangeLine {
  readonly type: 'exchange';
  readonly verdict: string;
  readonly incomplete: boolean;
  readonly hops: readonly unknown[];
}
type Line = LedgerLine | ExchangeLine;

/** Starts a program whose output stays in the pipe until it is asked for. */
function startUnread(flags: readonly string[]): { ready: Promise<unknown>; readAll(): Promise<Line[]> } {
  const argv = ['--pdeathsig', 'KILL', '--', process.execPath, PROGRAM, ...flags];
  const child = spawn('setpriv', argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  return {
    ready: once(child.stderr, 'data'),
    async readAll() {
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      child.kill('SIGINT');
      await once(child, 'close');
      return text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    },
  };
}
