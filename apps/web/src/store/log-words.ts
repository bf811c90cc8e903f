// What happened since the last line of the log, for who listens instead of looking.
import type { Exchange } from '@hopscope/model';
import { plural } from '../lib/format.ts';
import { routeOf, sequenceOf } from './exchange-words.ts';
import type { Names } from './names.ts';
import { dropPlace, outcomeOf } from './words.ts';

/** So many are told one by one; of more the number, and what went wrong. */
const TOLD = 3;

/** @param exchanges that are over, oldest first */
export function logLine(exchanges: readonly Exchange[], names: Names): string {
  if (exchanges.length <= TOLD) return exchanges.map((each) => sentenceOf(each, names)).join(' ');
  const bad = exchanges.filter(({ verdict }) => verdict !== 'replied' && verdict !== 'delivered');
  const count = `${plural(exchanges.length, 'exchange')}, ${bad.length === 0 ? 'all went well' : `${bad.length} did not end well`}.`;
  const rest = bad.length > TOLD ? ` And ${bad.length - TOLD} more.` : '';
  return [count, ...bad.slice(0, TOLD).map((each) => sentenceOf(each, names))].join(' ') + rest;
}

function sentenceOf(exchange: Exchange, names: Names): string {
  const { from, to } = routeOf(exchange, names);
  const where = exchange.drop === null ? '' : `, ${exchange.drop.reason} at ${dropPlace(exchange, names)}`;
  return `${from} to ${to} ${sequenceOf(exchange)}: ${outcomeOf(exchange).phrase}${where}.`;
}
