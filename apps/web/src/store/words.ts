// What happened to an exchange, in sentences.
import { type Exchange, icmpErrorText, type Join, type Journey } from '@hopscope/model';
import { explainDrop } from '../lib/drop-reasons.ts';
import { formatDuration, plural } from '../lib/format.ts';
import { isLoopback, type Names } from './names.ts';

export interface Route {
  readonly from: string;
  readonly to: string;
  /** With addresses. */
  readonly full: string;
}

export function routeOf(exchange: Exchange, names: Names): Route {
  const start = exchange.request?.crossings[0] ?? null;
  const end = exchange.reply?.crossings[0] ?? null;
  const near = start?.netns ?? null;
  const from = names.address(exchange.src, near);
  const to = isLoopback(exchange.dst)
    ? 'localhost'
    : names.address(exchange.dst, end !== null && end.way === 'out' ? end.netns : near);
  return { from, to, full: `${exchange.src} → ${exchange.dst}` };
}

export const sequenceOf = (exchange: Exchange): string => `#${exchange.icmpId}.${exchange.icmpSeq}`;

const journeysOf = (exchange: Exchange): Journey[] =>
  [exchange.request, exchange.reply, ...exchange.errors].filter((journey) => journey !== null);

export const hopCount = (exchange: Exchange): number =>
  journeysOf(exchange).reduce((sum, journey) => sum + journey.crossings.length, 0);

export type Outcome = 'flying' | 'ok' | 'bad' | 'error' | 'unknown';

export interface OutcomeWords {
  readonly outcome: Outcome;
  /** For the list's right column. */
  readonly short: string;
  /** "Replied in 79 µs" */
  readonly phrase: string;
}

export function outcomeOf(exchange: Exchange): OutcomeWords {
  switch (exchange.verdict) {
    case 'in-flight':
      return { outcome: 'flying', short: '…', phrase: 'Under way' };
    case 'replied': {
      const rtt = exchange.rttNs === null ? '' : formatDuration(exchange.rttNs);
      return {
        outcome: 'ok',
        short: rtt === '' ? 'replied' : rtt,
        phrase: rtt === '' ? 'Replied' : `Replied in ${rtt}`,
      };
    }
    case 'delivered':
      return { outcome: 'ok', short: 'delivered', phrase: 'Delivered' };
    case 'dropped':
      return { outcome: 'bad', short: exchange.drop?.reason ?? 'dropped', phrase: 'Dropped' };
    case 'error':
      return { outcome: 'error', short: 'error', phrase: 'Error' };
    case 'lost-sight':
      return { outcome: 'unknown', short: 'no reply', phrase: 'No reply' };
    case 'ambiguous':
      return { outcome: 'unknown', short: 'unclear', phrase: 'Unclear' };
  }
}

/** Where the drop happened: `docker0 in host`. */
export function dropPlace(exchange: Exchange, names: Names): string {
  const { drop } = exchange;
  if (drop === null) return '';
  const netns = drop.hop.netns === null ? '' : ` in ${names.namespace(drop.hop.netns)}`;
  return drop.ifname === '' ? `outside any device${netns}` : `${drop.ifname}${netns}`;
}

/** One or two sentences that a person can act on. */
export function verdictSentence(exchange: Exchange, names: Names): string {
  const { from, to } = routeOf(exchange, names);
  switch (exchange.verdict) {
    case 'in-flight':
      return `Waiting for ${to} to answer.`;
    case 'replied':
      return exchange.request === null
        ? 'Only the reply was seen; the request left before Hopscope looked.'
        : `${to} answered, and the reply reached ${from}.`;
    case 'delivered':
      return `It reached ${to}.`;
    case 'dropped': {
      const why = explainDrop(exchange.drop?.reason ?? '');
      const what = exchange.reply !== null && exchange.request?.drop === null ? 'reply' : 'request';
      return `The kernel dropped the ${what} at ${dropPlace(exchange, names)}.${why === '' ? '' : ` ${why}`}`;
    }
    case 'error':
      return errorSentence(exchange, names);
    case 'lost-sight':
      return lostSentence(exchange, to);
    case 'ambiguous':
      return 'More than one packet fits what was seen here. Hopscope does not guess which.';
  }
}

function errorSentence(exchange: Exchange, names: Names): string {
  const journey = exchange.errors[0];
  const first = journey?.crossings[0];
  if (journey === undefined || first === undefined) return 'An ICMP error came back.';
  const sender = names.address(journey.src, first.netns);
  const icmp = first.packet.icmp;
  const what = icmp === null ? 'an error' : `“${icmpErrorText(journey.family, icmp.type, icmp.code)}”`;
  return `${sender} answered ${what}.`;
}

function lostSentence(exchange: Exchange, to: string): string {
  const crossings = exchange.request?.crossings ?? [];
  const last = crossings[crossings.length - 1];
  if (last === undefined) return 'Nothing more was seen of it.';
  const where = last.way === 'out' ? `left by ${last.ifname}` : `came in at ${last.ifname}`;
  return exchange.request?.verdict === 'delivered'
    ? `The request was delivered, but no reply from ${to} was seen.`
    : `The request ${where}, and nothing was seen of it after that.`;
}

const JOIN_WORDS: Readonly<Record<Join, string>> = {
  'same-skb': 'the same packet buffer all the way',
  'same-data': 'followed through copies that share its data',
  nat: 'followed through address translation',
  rebuilt: 'the kernel rebuilt it on the way; matched by its headers',
  protocol: 'matched by addresses, id and sequence number',
};

/** In one or two words, for a hop's own line. */
const JOIN_TAGS: Readonly<Record<Join, string>> = {
  'same-skb': '',
  'same-data': 'copy',
  nat: 'NAT',
  rebuilt: 'rebuilt',
  protocol: 'by header',
};

export const joinTag = (join: Join): string => JOIN_TAGS[join];
export const joinWords = (join: Join): string => JOIN_WORDS[join];

/** How its hops were held together: the weakest reason of any of its packets. */
export function joinSentence(exchange: Exchange): string {
  const order = Object.keys(JOIN_WORDS);
  const joins = journeysOf(exchange).map((journey) => journey.join);
  const weakest = joins.sort((a, b) => order.indexOf(b) - order.indexOf(a))[0];
  const hops = plural(hopCount(exchange), 'hop');
  return weakest === undefined ? hops : `${hops} · ${JOIN_WORDS[weakest]}`;
}

/** The box on the map beside ✕. */
export function dropWords(exchange: Exchange, names: Names): { reason: string; lines: string[] } {
  const { drop } = exchange;
  const route = routeOf(exchange, names);
  const why = explainDrop(drop?.reason ?? '');
  const lines = [
    ...(why === '' ? [] : [why]),
    `${route.from} → ${route.to} ${sequenceOf(exchange)}`,
    `at ${dropPlace(exchange, names)}`,
    ...(drop === null || drop.location === '' ? [] : [drop.location]),
  ];
  return { reason: drop?.reason ?? '?', lines };
}
