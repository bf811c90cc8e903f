import type { EvidenceFrame, TimeNs } from '@hopscope/protocol';
import { expect, test } from 'vitest';
import { assemble, exchangesOf } from '../test-assemble.ts';
import { readTrace } from '../test-trace.ts';
import { createEvidenceBook } from './evidence-book.ts';

const request = { src: '10.9.1.1', dst: '10.9.2.1', type: 8, id: 7, seq: 1 };

function exchangeOf(end: string) {
  const assembler = assemble(
    readTrace(
      { p1: request },
      `
      10.0  s1  p1  client/l0  net_dev_start_xmit
      12.0  s1  p1  router/r0  netif_rx
      15.0  s1  p1  router/r0  ${end}
    `,
    ),
  );
  assembler.advance(10_000_000_000 as TimeNs);
  const [exchange] = exchangesOf(assembler);
  if (exchange === undefined) throw new Error('the trace has no exchange');
  return exchange;
}

test('facts about a request that nobody answers are found by its packet', () => {
  const exchange = exchangeOf('consume_skb');
  const book = createEvidenceBook();
  expect(book.factsAbout(exchange)).toEqual({});
  const packet = exchange.request?.packets[0] ?? 0;
  book.note({ type: 'evidence', packet, t: 15_000, facts: { 'sysctl.name': 'x' } });
  expect(book.factsAbout(exchange)).toEqual({ 'sysctl.name': 'x' });
  expect(book.factsAbout(exchange)).toBe(book.factsAbout(exchange));
  expect(book.factsAbout({ ...exchange, reply: exchange.request })).toEqual({});
  book.clear();
  expect(book.factsAbout(exchange)).toEqual({});
});

test('facts about a drop are those of its packet and time, and later ones add to earlier ones', () => {
  const exchange = exchangeOf('kfree_skb  NOT_SPECIFIED');
  const { drop } = exchange;
  if (drop === null) throw new Error('the trace has no drop');
  const book = createEvidenceBook(2);
  const note = (t: number, facts: EvidenceFrame['facts']) =>
    book.note({ type: 'evidence', packet: drop.hop.packet, t, facts });
  note(drop.t, { 'link.up': true });
  note(drop.t, { 'link.mtu': 1500 });
  note(drop.t + 1, { 'link.up': false });
  expect(book.factsAbout(exchange)).toEqual({ 'link.up': true, 'link.mtu': 1500 });
  // The third drop pushes the oldest out.
  note(drop.t + 2, {});
  expect(book.factsAbout(exchange)).toEqual({});
});
