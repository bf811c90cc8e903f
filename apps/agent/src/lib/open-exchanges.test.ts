import { createAssembler } from '@hopscope/model';
import { STAGE, type TimeNs } from '@hopscope/protocol';
import { expect, test } from 'vitest';
import type { FrameSpec } from '../../../../packages/model/src/test-headers.ts';
import { dropReasons, readTrace } from '../../../../packages/model/src/test-trace.ts';
import { createOpenExchanges } from './open-exchanges.ts';

const request: FrameSpec = { src: '10.0.0.1', dst: '10.0.0.2', type: 8, id: 7, seq: 1 };
const reply: FrameSpec = { src: '10.0.0.2', dst: '10.0.0.1', type: 0, id: 7, seq: 1 };

const DROPPED = `
  0 s1 p1 web/eth0   net_dev_queue
  5 s1 p1 host/veth1 netif_rx
  9 s1 p1 host/veth1 kfree_skb NETFILTER_DROP`;
const REPLIED = `
   0 s1 p1 web/eth0   net_dev_queue
   5 s1 p1 host/veth1 netif_rx
  10 s2 p2 host/veth1 net_dev_queue
  11 s1 p1 host/veth1 consume_skb
  15 s2 p2 web/eth0   netif_rx
  19 s2 p2 web/eth0   kfree_skb NO_SOCKET dref=2
  25 s3 p2 -          consume_skb`;

const ms = (value: number) => (value * 1_000_000) as TimeNs;

function watch(trace: string, isReady: () => boolean = () => false) {
  const assembler = createAssembler({ dropReasons });
  const told: string[] = [];
  const open = createOpenExchanges(assembler, {
    isReady,
    onDrop: ({ reason }) => told.push(`drop ${reason}`),
    onJourney: ({ direction }) => told.push(direction),
    onExchange: ({ verdict }) => told.push(`exchange ${verdict}`),
  });
  for (const hop of readTrace({ p1: request, p2: reply }, trace)) {
    const id = assembler.add(hop);
    if (id !== null) open.touch(id, hop.t, hop.stage === STAGE.kfree_skb);
  }
  return {
    open,
    advance(now: TimeNs) {
      open.recheck(assembler.advance(now));
      open.look(now);
      return told.splice(0);
    },
    finish() {
      open.finish();
      return told.splice(0);
    },
  };
}

test('a drop waits for the facts about it, but not for long', () => {
  const unknown = watch(DROPPED);
  expect(unknown.advance(ms(1))).toEqual([]);
  expect(unknown.advance(ms(250))).toEqual([]);
  expect(unknown.advance(ms(310))).toEqual(['drop NETFILTER_DROP', 'request', 'exchange dropped']);
  expect(unknown.advance(ms(5000))).toEqual([]);

  let isReady = false;
  const known = watch(DROPPED, () => isReady);
  expect(known.advance(ms(1))).toEqual([]);
  isReady = true;
  expect(known.advance(ms(20))).toEqual(['drop NETFILTER_DROP']);
  expect(known.advance(ms(310))).toEqual(['request', 'exchange dropped']);
});

test('an exchange is told when it is over, after its packets, and once', () => {
  const replied = watch(REPLIED);
  expect(replied.advance(ms(100))).toEqual([]);
  expect(replied.advance(ms(320))).toEqual(['request', 'reply', 'exchange replied']);
  expect(replied.finish()).toEqual([]);
});

test('an answered exchange waits for the program that has not read its reply yet', () => {
  const unread = REPLIED.replace(/.*s3 p2.*/, '');
  const late = watch(unread);
  expect(late.advance(ms(1900))).toEqual([]);
  expect(late.advance(ms(2100))).toEqual(['request', 'reply', 'exchange replied']);
  expect(watch(unread).finish()).toEqual(['request', 'reply', 'exchange replied']);
});

test('one without an answer is over when nothing was heard of it for the time-out', () => {
  const silent = watch(DROPPED.replace(/.*kfree.*/, ''));
  expect(silent.advance(ms(1900))).toEqual([]);
  expect(silent.advance(ms(2100))).toEqual(['request', 'exchange lost-sight']);
});

test('the end waits for nothing', () => {
  expect(watch(DROPPED).finish()).toEqual(['drop NETFILTER_DROP', 'request', 'exchange dropped']);
  expect(watch(DROPPED.replace(/.*kfree.*/, '')).finish()).toEqual(['request', 'exchange in-flight']);
});

test('none is forgotten untold, however many are open at once', () => {
  const count = 12_000;
  const verdicts: string[] = [];
  const assembler = createAssembler({ dropReasons });
  const open = createOpenExchanges(assembler, {
    isReady: () => true,
    onExchange: ({ verdict }) => verdicts.push(verdict),
  });
  for (let seq = 0; seq < count; seq++) {
    const [hop] = readTrace(
      { [`p${seq + 1}`]: { ...request, seq } },
      ` ${seq} s${seq + 1} p${seq + 1} web/eth0 net_dev_queue`,
    );
    const id = hop === undefined ? null : assembler.add(hop);
    if (hop !== undefined && id !== null) open.touch(id, hop.t, false);
  }
  open.finish();
  expect(verdicts).toEqual(Array(count).fill('in-flight'));
});
