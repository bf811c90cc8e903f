// What stands above a picture, so that it can be read without the page: what, where, when, how filtered, what is missing.
import { breaksPaths, type Exchange } from '@hopscope/model';
import { formatCount, plural } from '../lib/format.ts';
import { journeysOf, routeOf, sequenceOf } from '../store/exchange-words.ts';
import { IDENTITY_FULL, RECURSION_MISSES, stageWords } from '../store/stage-words.ts';
import type { PageState } from '../store/store.ts';
import { dropPlace, dropSentence, incompleteSentence, outcomeOf, verdictSentence } from '../store/words.ts';
import { timeRangeText } from './time-range.ts';

export interface Cover {
  readonly title: string;
  readonly lines: readonly CoverLine[];
}

export interface CoverLine {
  readonly text: string;
  /** Something to know before believing the rest. */
  readonly isBad: boolean;
}

export type CoverState = Pick<
  PageState,
  | 'hello'
  | 'topology'
  | 'names'
  | 'ledger'
  | 'filter'
  | 'isRedacted'
  | 'selected'
  | 'facts'
  | 'losses'
  | 'list'
  | 'drops'
>;

export interface CoverTimes {
  /** Wall-clock time of a packet's. */
  wallMs(t: Exchange['startNs']): number;
  /** Of the exchanges that are listed; null when there is none. */
  readonly listed: { readonly fromMs: number; readonly toMs: number } | null;
}

/** @param isTelling also says in a sentence what became of the selected exchange */
export function coverOf(state: CoverState, times: CoverTimes, isTelling: boolean): Cover {
  const { selected } = state;
  const good = (text: string): CoverLine => ({ text, isBad: false });
  const sentence = selected === null || !isTelling ? '' : sentenceOf(selected, state);
  const ends = selected === null ? '' : endsLine(selected, state);
  const span = selected === null ? times.listed : spanOf(selected, times);
  return {
    title: titleOf(state),
    lines: [
      ...[ends, sentence, hostLine(state), state.hello?.recording?.notes ?? ''].filter((text) => text !== '').map(good),
      ...(span === null ? [] : [good(timeRangeText(span.fromMs, span.toMs))]),
      good(listLine(state)),
      ...missingLines(state),
      ...(state.isRedacted || state.hello?.recording?.redacted === true
        ? [good('Redacted: addresses and names are stand-ins.')]
        : []),
    ],
  };
}

function titleOf({ selected, names, hello }: CoverState): string {
  if (selected === null)
    return `The network of ${hello?.lab === true ? 'a practice host' : (hello?.host.name ?? 'this machine')}`;
  const { from, to } = routeOf(selected, names);
  const { drop } = selected;
  const why = drop === null ? '' : `, ${drop.reason} at ${dropPlace(selected, names)}`;
  const outcome = outcomeOf(selected).phrase;
  return `${from} → ${to} ${sequenceOf(selected)}: ${outcome}${why}`;
}

/** Addresses, where the title has names. */
function endsLine(exchange: Exchange, { names }: CoverState): string {
  const { from, to, full } = routeOf(exchange, names);
  return full === `${from} → ${to}` ? '' : `${full} · ${exchange.protocol.toUpperCase()}`;
}

function sentenceOf(exchange: Exchange, { topology, facts, names }: CoverState): string {
  return (dropSentence(exchange, topology, facts) || verdictSentence(exchange, names)).replaceAll('`', '');
}

function spanOf(exchange: Exchange, { wallMs }: CoverTimes): { fromMs: number; toMs: number } {
  const end = Math.max(exchange.startNs, ...journeysOf(exchange).map(({ endNs }) => endNs));
  return { fromMs: wallMs(exchange.startNs), toMs: wallMs(end as Exchange['startNs']) };
}

function hostLine({ hello }: CoverState): string {
  if (hello === null) return '';
  const { host, agent, lab, recording } = hello;
  return [
    `${host.name}${lab ? ' (practice host)' : ''}`,
    `Linux ${host.kernel}`,
    `Hopscope ${agent.version}`,
    ...(recording === undefined ? [] : ['from a recording']),
  ].join(' · ');
}

function listLine({ list, drops, filter, hello }: CoverState): string {
  const captured = hello?.recording?.filter ?? '';
  const dropped = list.dropped ?? drops;
  return [
    `${plural(list.ids.length, 'exchange')} listed${dropped > 0 ? `, ${plural(dropped, 'drop')}` : ''}`,
    ...(captured === '' ? [] : [`captured with filter: ${captured}`]),
    filter === '' ? 'nothing is filtered out' : `shown with filter: ${filter}`,
  ].join(' · ');
}

function missingLines({ ledger, selected, losses }: CoverState): CoverLine[] {
  const { seen, missed, stages, sampledOneIn, identityFull, recursionMisses } = ledger;
  const holes = [
    ...stages.filter(({ stage, lost }) => lost > 0 && breaksPaths(stage)),
    { stage: IDENTITY_FULL, lost: identityFull },
    { stage: RECURSION_MISSES, lost: recursionMisses },
  ].filter(({ lost }) => lost > 0);
  const sampled = stages.filter(({ stage, lost }) => lost > 0 && !breaksPaths(stage));
  const words = [...holes, ...sampled].map(
    ({ stage, lost }) => `${stageWords(stage, sampledOneIn).name} (${formatCount(lost)})`,
  );
  const whole = `Complete: ${formatCount(seen)} hops seen in the kernel, none missed.`;
  const partly = `Incomplete: ${formatCount(missed)} of ${formatCount(seen)} hops missed: ${words.join('; ')}.`;
  return [
    words.length === 0 && missed === 0 ? { text: whole, isBad: false } : { text: partly, isBad: holes.length > 0 },
    ...(selected?.incomplete === true ? [{ text: incompleteSentence(losses), isBad: true }] : []),
  ];
}
