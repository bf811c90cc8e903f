import { type Lab, startLab } from '@hopscope/lab';
import { createAssembler, createLossWatch, type Exchange } from '@hopscope/model';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { imbalance, openPage, type Page, type Serving, startServe } from './support/hopscope.ts';
import { describeUnless, whyNoPrograms, whyNotRoot } from './support/privilege.ts';
import { pingIn, runIn } from './support/run.ts';

describeUnless(whyNotRoot(), whyNoPrograms())('C7', () => {
  let lab: Lab;
  let agent: Serving;
  beforeAll(async () => {
    lab = await startLab({
      namespaces: [
        { name: 'a', addresses: { a0: [`10.9.9.1/24`] } },
        { name: 'b', addresses: { b0: [`10.9.9.2/24`] } },
        { name: 'switch', bridges: [{ name: 'br0', ports: ['p0', 'p1'] }] },
      ],
      wires: [
        { a: { namespace: 'a', name: 'a0' }, b: { namespace: 'switch', name: 'p0' } },
        { a: { namespace: 'b', name: 'b0' }, b: { namespace: 'switch', name: 'p1' } },
      ],
    });
    await pingIn(lab, 'a', '-c', '1', '10.9.9.2');
    agent = await startServe(['--buffer', process.env.RING ?? '8192']);
  });
  afterAll(async () => {
    await agent?.stop('SIGINT');
    await lab?.stop();
  });

  test('experiment', async () => {
    const page = await openPage(agent.port);
    const slow = await openPage(agent.port, { ackEveryMs: 400 } as never);
    await expect.poll(() => slow.frames.some(({ type }) => type === 'topology')).toBe(true);
    const flood = () => runIn(lab, 'a', ['ping', '-n', '-q', '-f', '-c', '60000', '10.9.9.2']);
    const t = Date.now();
    const results = await Promise.all([flood(), flood()]);
    console.log(
      Date.now() - t,
      results.map(({ text }) => text.split('\n').slice(-3).join('|')),
    );
    await new Promise((r) => setTimeout(r, 6000));
    await pingIn(lab, 'a', '-c', '1', '10.9.9.2');
    await new Promise((r) => setTimeout(r, 2000));
    for (const p of [page, slow]) {
      console.log(
        JSON.stringify(p.ledger()),
        p.hopCount,
        p.messages,
        p.ledgers.map(({ ledger }) => [imbalance(ledger), ledger.sampledOneIn].join()).join(' '),
      );
      tell(p);
    }
  }, 60_000);

  function tell(page: Page) {
    const assembler = createAssembler({ dropReasons: {}, keep: 200_000 });
    const watch = createLossWatch('here');
    let noted = 0,
      times = 0;
    const note = (n: number) => {
      if (n > 0) {
        noted += n;
        times++;
        assembler.noteMissed(n);
      }
    };
    const t = Date.now();
    for (const each of page.stream) {
      if ('type' in each) note(watch.onLedger(each));
      else {
        note(watch.onBatch(each));
        for (let i = 0; i < each.count; i++) assembler.add(each.hop(i));
      }
    }
    assembler.advance(((page.hops.at(-1)?.t ?? 0) + 1e10) as never);
    const sums: Record<string, number> = {};
    const lens: Record<string, number> = {};
    for (const id of assembler.ids()) {
      const e = assembler.exchange(id) as Exchange;
      const key = `${e.verdict} ${e.incomplete ? 'incomplete' : 'complete'}`;
      sums[key] = (sums[key] ?? 0) + 1;
      const l = `${e.request?.crossings.length}+${e.reply?.crossings.length}`;
      lens[l] = (lens[l] ?? 0) + 1;
    }
    console.log(sums, lens, { noted, times, ms: Date.now() - t });
  }
});
