// What happened to an exchange, in sentences.
import { type Exchange, explainDrop, gatherEvidence, icmpErrorText, type Journey, type Quoted } from '@hopscope/model';
import type { Evidence, Topology } from '@hopscope/protocol';
import { formatCount, formatDuration } from '../lib/format.ts';
import type { StageLoss } from './account.ts';
import { endText, routeOf, sequenceOf } from './exchange-words.ts';
import type { Names } from './names.ts';
import { stageWords } from './stage-words.ts';

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
      return { outcome: 'error', short: errorText(exchange.errors[0]) ?? 'ICMP error', phrase: 'Answered by an error' };
    case 'lost-sight':
      return isUnanswered(exchange)
        ? { outcome: 'unknown', short: 'no reply', phrase: 'No reply' }
        : { outcome: 'unknown', short: 'lost sight', phrase: 'Lost sight of it' };
    case 'ambiguous':
      return { outcome: 'unknown', short: 'ambiguous', phrase: 'Ambiguous' };
  }
}

/** It arrived, and nothing came back. */
const isUnanswered = ({ kind, request }: Exchange): boolean => kind === 'echo' && request?.verdict === 'delivered';

/** Where the drop happened: `docker0 in host`. */
export function dropPlace(exchange: Exchange, names: Names): string {
  const { drop } = exchange;
  if (drop === null) return '';
  const netns = drop.netns === null ? '' : ` in ${names.namespace(drop.netns)}`;
  return drop.ifname === '' ? `outside any device${netns}` : `${drop.ifname}${netns}`;
}

/** What happened and the first thing to check; empty when nothing was dropped. */
export function dropSentence(exchange: Exchange, topology: Topology, facts: Evidence): string {
  return explainDrop(exchange, gatherEvidence(exchange, topology, facts));
}

/** How it went, beside the sentence about a drop; empty when that says it all. */
export function verdictSentence(exchange: Exchange, names: Names): string {
  const { from, to } = routeOf(exchange, names);
  switch (exchange.verdict) {
    case 'in-flight':
      return exchange.kind === 'echo' ? `Waiting for ${to} to answer.` : 'It has not arrived yet.';
    case 'replied':
      return exchange.request === null
        ? 'Only the reply was seen; the request left before Hopscope looked.'
        : `${to} answered, and the reply reached ${from}.`;
    case 'delivered':
      return `It reached ${to}.`;
    case 'dropped':
      return '';
    case 'error':
      return errorSentence(exchange, names);
    case 'lost-sight':
      return lostSentence(exchange, to, names);
    case 'ambiguous':
      return (
        'More than one packet fits what was seen here, for example two with the same addresses, id and sequence number ' +
        'at once. Hopscope does not guess: the hops below may belong to either.'
      );
  }
}

/** `port unreachable`; undefined when its header was not seen. */
function errorText(journey: Journey | undefined): string | undefined {
  const icmp = journey?.crossings[0]?.packet.icmp;
  return journey === undefined || icmp == null ? undefined : icmpErrorText(journey.family, icmp.type, icmp.code);
}

function errorSentence(exchange: Exchange, names: Names): string {
  const [journey] = exchange.errors;
  if (journey === undefined) return 'An ICMP error came back.';
  const text = errorText(journey);
  const what = text === undefined ? 'an ICMP error' : `“${text}”`;
  return `${senderOf(journey, names)} answered ${what}.`;
}

/** `web (172.17.0.2)`, or the address where nobody here has it. */
function senderOf(journey: Journey, names: Names): string {
  const name = names.address(journey.src, journey.crossings[0]?.netns ?? null);
  return name === journey.src ? name : `${name} (${journey.src})`;
}

export interface ErrorWords {
  readonly text: string;
  readonly from: string;
  /** The packet that it quotes; empty when too little of it was quoted. */
  readonly quotes: string;
  /** Next-hop MTU. */
  readonly mtu: number | null;
  /** Where the quoted packet was when it was sent: `docker0 in host`. */
  readonly at: string;
}

export function errorWords(exchange: Exchange, journey: Journey, names: Names): ErrorWords {
  const packet = journey.crossings[0]?.packet;
  const quoted = packet?.quoted ?? null;
  const about = quoted !== null && quoted.src === exchange.reply?.src ? exchange.reply : exchange.request;
  const last = about?.crossings.findLast((crossing) => crossing.t <= journey.startNs);
  return {
    text: errorText(journey) ?? 'ICMP error',
    from: senderOf(journey, names),
    quotes: quoted === null ? '' : quotedText(quoted),
    mtu: packet?.mtu ?? null,
    at: last === undefined ? '' : `${last.ifname} in ${names.namespace(last.netns)}`,
  };
}

function quotedText({ protocol, src, dst, icmp, ports }: Quoted): string {
  const ends = `${endText(src, ports?.src ?? null)} → ${endText(dst, ports?.dst ?? null)}`;
  return `${ends} ${icmp === null ? protocol.toUpperCase() : `#${icmp.id}.${icmp.seq}`}`;
}

function lostSentence(exchange: Exchange, to: string, names: Names): string {
  const what = exchange.kind === 'echo' ? 'request' : 'packet';
  const crossings = exchange.request?.crossings ?? [];
  const last = crossings[crossings.length - 1];
  if (last === undefined) return 'Nothing more was seen of it.';
  if (isUnanswered(exchange)) return `The request was delivered, but no reply from ${to} was seen.`;
  const where = `${last.ifname} in ${names.namespace(last.netns)}`;
  const how = last.way === 'out' ? `was given to ${where}` : `came in at ${where}`;
  return `Last seen: the ${what} ${how}. Nothing was seen of it after that.`;
}

/** Why its path may have holes. */
export function incompleteSentence(losses: readonly StageLoss[]): string {
  const reasons = losses.map(({ stage, lost }) => `${stageWords(stage, 1).name} (${formatCount(lost)})`);
  const why = reasons.length === 0 ? 'hops were missed' : reasons.join(', ');
  return `Incomplete: while it was under way, ${why}. Its path may have holes.`;
}

export interface DropWords {
  readonly reason: string;
  /** What happened and what to check. */
  readonly sentence: string;
  /** Which packet, where, and where in the kernel. */
  readonly lines: readonly string[];
}

/** The box on the map beside ✕. */
export function dropWords(exchange: Exchange, names: Names, sentence: string): DropWords {
  const { drop } = exchange;
  const route = routeOf(exchange, names);
  const lines = [
    `${route.from} → ${route.to} ${sequenceOf(exchange)}`,
    `at ${dropPlace(exchange, names)}`,
    ...(drop === null || drop.location === '' ? [] : [drop.location]),
    ...(exchange.incomplete ? ['incomplete: its path may have holes'] : []),
  ];
  return { reason: drop?.reason ?? '?', sentence, lines };
}
