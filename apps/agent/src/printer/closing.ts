import type { Ledger } from '@hopscope/protocol';
import { missedOf } from './json.ts';

/** The line that ends a trace: `seen 24, delivered 24, missed 0`, with the places where records were lost. */
export function closingLine({ seen, delivered, pending, lost }: Ledger): string {
  const missed = missedOf(lost);
  const places = Object.entries(lost).filter(([, records]) => records > 0);
  const where = places.length === 0 ? '' : ` (${places.map(([place, records]) => `${place} ${records}`).join(', ')})`;
  const rest = pending === 0 ? '' : `, pending ${pending}`;
  return `seen ${seen}, delivered ${delivered}, missed ${missed}${where}${rest}`;
}
