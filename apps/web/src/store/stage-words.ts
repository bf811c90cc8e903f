// Where records are lost, in words: for the chip in one breath, for the table in a whole sentence.
import { breaksPaths, PAGE_SAMPLED } from '@hopscope/model';

export interface StageWords {
  /** For the chip: `kernel buffer full` */
  readonly short: string;
  /** What happened, so that a person can tell whose fault it is. */
  readonly name: string;
}

export const AWAY = 'away';
export const UNEXPLAINED = 'unexplained';
export const IDENTITY_FULL = 'identity-full';
export const RECURSION_MISSES = 'recursion-misses';

const WORDS: Readonly<Record<string, StageWords>> = {
  'ring-full': { short: 'kernel buffer full', name: 'the kernel’s ring buffer was full' },
  'capture-queue': { short: 'gateway too slow', name: 'the gateway could not keep up' },
  'gateway-queue': { short: 'gateway too slow', name: 'the gateway could not keep up' },
  'page-queue': { short: 'this page too slow', name: 'this page could not keep up' },
  recording: { short: 'recording too slow', name: 'the recording could not keep up' },
  unreadable: { short: 'unreadable', name: 'arrived, but could not be read' },
  [AWAY]: { short: 'was not connected', name: 'this page was not connected' },
  // The gap shows at once, the ledger that names its stage comes once a second.
  [UNEXPLAINED]: { short: 'stage not told yet', name: 'lost on the way: where is not told yet' },
  [IDENTITY_FULL]: { short: 'identity table full', name: 'packets forgotten early: the identity table was full' },
  [RECURSION_MISSES]: { short: 'kernel skipped events', name: 'events that the kernel skipped: never records' },
};

/** @param sampledOneIn one packet in this many is followed now */
export function stageWords(stage: string, sampledOneIn: number): StageWords {
  if (breaksPaths(stage)) return WORDS[stage] ?? { short: stage, name: stage };
  const share = sampledOneIn > 1 ? `1 packet in ${sampledOneIn} is` : 'for a while not every packet was';
  return {
    short: sampledOneIn > 1 ? `1 in ${sampledOneIn} sampled` : 'sampled',
    name: `left out on purpose, whole packets${stage === PAGE_SAMPLED ? ', for this page' : ''}: ${share} followed`,
  };
}
