// What the ground-truth cases measured, for the table in the documentation (scripts/scores.mjs makes it).
import { appendFileSync, mkdirSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../../../artifacts');

/**
 * Adds one line to artifacts/scores.jsonl. Call it when all has been expected: a case that failed leaves no score.
 * @param id `C1` to `C10`; a case may have several claims, each a row of the table
 * @param claim what the case must show, in a few words; the newest line with the same id and claim counts
 * @param measured what was counted → how much: `{ pings: 1000, 'wrong joins': 0 }`
 */
export function recordScore(id: string, claim: string, measured: Record<string, number | string>): void {
  write({ id, claim, measured });
}

/** The case could not be built here: says why, in place of its score. */
export function recordSkip(id: string, claim: string, reason: string): void {
  write({ id, claim, skipped: reason });
}

function write(score: object): void {
  mkdirSync(FOLDER, { recursive: true });
  const line = { time: new Date().toISOString(), kernel: release(), ...score };
  appendFileSync(join(FOLDER, 'scores.jsonl'), `${JSON.stringify(line)}\n`);
}
