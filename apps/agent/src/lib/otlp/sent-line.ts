import type { Sender } from './sender.ts';

/** `sent 96 spans, lost 0`, with why. */
export function sentLine({ sentSpans, lostSpans }: Pick<Sender, 'sentSpans' | 'lostSpans'>): string {
  const lost = Object.entries(lostSpans);
  const sum = lost.reduce((all, [, spans]) => all + spans, 0);
  const why = sum === 0 ? '' : ` (${lost.map(([reason, spans]) => `${reason} ${spans}`).join(', ')})`;
  return `sent ${sentSpans} spans, lost ${sum}${why}`;
}
