import { closingLine } from '../lib/closing-line.ts';
import type { Recorder } from './recorder.ts';

/** `recorded 3400 hops in 36210 bytes (10.7 bytes a hop); seen 3400, delivered 3400, missed 0` */
export function recordedLine({ hops, bytes, ledger }: Pick<Recorder, 'hops' | 'bytes' | 'ledger'>): string {
  const each = hops === 0 ? '' : ` (${(bytes / hops).toFixed(1)} bytes a hop)`;
  return `recorded ${hops} hops in ${bytes} bytes${each}${ledger === null ? '' : `; ${closingLine(ledger)}`}`;
}
