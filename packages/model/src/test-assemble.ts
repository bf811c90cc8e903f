// Short ways to put hops into an assembler and read what came out.
import type { Hop } from '@hopscope/protocol';
import { expect } from 'vitest';
import { createAssembler } from './assembler.ts';
import type { Assembler, AssemblerOptions, Exchange, Journey } from './exchange.ts';
import { dropReasons } from './test-trace.ts';

export function assemble(hops: readonly Hop[], options: Partial<AssemblerOptions> = {}): Assembler {
  const assembler = createAssembler({ dropReasons, ...options });
  for (const hop of hops) assembler.add(hop);
  return assembler;
}

export function exchangesOf(assembler: Assembler): Exchange[] {
  return assembler.ids().map((id) => assembler.exchange(id) as Exchange);
}

/** The only exchange there is. */
export function onlyExchange(assembler: Assembler): Exchange {
  const exchanges = exchangesOf(assembler);
  expect(exchanges).toHaveLength(1);
  return exchanges[0] as Exchange;
}

/** One text for each crossing: interface, way, stage numbers, and the join when it is not the plainest. */
export function pathOf(journey: Journey | null): string[] {
  return (journey?.crossings ?? []).map((one) => {
    const join = one.join === 'same-skb' ? '' : ` ${one.join}`;
    return `${one.ifname} ${one.way} ${one.hops.map((hop) => hop.stage).join('')}${join}`;
  });
}
