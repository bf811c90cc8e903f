// The instants of an exchange that one can go through: every hop, numbered as everywhere, and where a packet died, right after its last hop.
import type { Drop, Exchange } from '@hopscope/model';
import { journeysOf } from './exchange-words.ts';

export type ExchangeStep =
  | { readonly kind: 'hop'; readonly number: number }
  | { readonly kind: 'drop'; readonly drop: Drop };

export function stepsOf(exchange: Exchange): ExchangeStep[] {
  const steps: ExchangeStep[] = [];
  let number = 0;
  for (const { crossings, drop } of journeysOf(exchange)) {
    for (let i = 0; i < crossings.length; i++) steps.push({ kind: 'hop', number: ++number });
    if (drop !== null) steps.push({ kind: 'drop', drop });
  }
  return steps;
}

/** @param step place in `stepsOf`; null: none */
export const stepAt = (exchange: Exchange, step: number | null): ExchangeStep | null =>
  step === null ? null : (stepsOf(exchange)[step] ?? null);
