import { lostInAll } from '@hopscope/model';
import type { Ledger } from '@hopscope/protocol';

/**
 * The line that ends a trace: `seen 24, delivered 24, missed 0`, with the places where records were lost. Behind a semicolon stands what was
 * no record and may have left a hole in a path all the same.
 */
export function closingLine(ledger: Ledger): string {
  const { seen, delivered, pending, lost, identityFull, recursionMisses } = ledger;
  const places = Object.entries(lost).filter(([, records]) => records > 0);
  const where = places.length === 0 ? '' : ` (${places.map(([place, records]) => `${place} ${records}`).join(', ')})`;
  const rest = pending === 0 ? '' : `, pending ${pending}`;
  const beside = [
    [identityFull, 'packets forgotten early, the identity table was full'],
    [recursionMisses, 'events that the kernel skipped, never records'],
  ] as const;
  const notes = beside.filter(([count]) => count > 0).map(([count, what]) => `; ${count} ${what}`);
  return `seen ${seen}, delivered ${delivered}, missed ${lostInAll(ledger)}${where}${rest}${notes.join('')}`;
}
