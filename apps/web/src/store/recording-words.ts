// What a reader of a recording has to know about it, in words.
import type { Hello } from '@hopscope/protocol';
import { formatCount, plural } from '../lib/format.ts';
import type { PageLedger } from './account.ts';
import { stageWords } from './stage-words.ts';

/** `2026-11-22 20:38:16.4 – 20:39:02.1 UTC` */
export function utcRange(fromMs: number, toMs: number): string {
  const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString().slice(0, 21).replace('T', ' ')) as [
    string,
    string,
  ];
  return `${from} – ${from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to} UTC`;
}

/** The same where the reader is. */
export function localRange(fromMs: number, toMs: number): string {
  const offset = -new Date(fromMs).getTimezoneOffset();
  const shift = (ms: number): number => ms + offset * 60_000;
  const sign = offset < 0 ? '-' : '+';
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const zone = `${sign}${two(Math.abs(offset) / 60)}:${two(Math.abs(offset) % 60)}`;
  return utcRange(shift(fromMs), shift(toMs)).replace('UTC', `local time (UTC${zone})`);
}

/** One sentence for each thing that is not in it; none where all is. */
export function whatIsMissing(hello: Hello | null, ledger: PageLedger, damage: string | null): string[] {
  const lost = ledger.stages.map(({ stage, lost }) => {
    const { name } = stageWords(stage, ledger.sampledOneIn);
    return `${plural(lost, 'hop')} of ${formatCount(ledger.seen)}: ${name}`;
  });
  const off = (hello?.features ?? []).filter(({ state }) => state === 'off');
  return [
    ...(damage === null ? [] : [`The file is not whole: ${damage}.`]),
    ...lost.map((text) => `${text}.`),
    ...off.map(({ name, why }) => `${name} was off${why === '' ? '' : `: ${why}`}`),
  ];
}
