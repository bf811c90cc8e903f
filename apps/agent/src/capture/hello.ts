// The first frame: who speaks, on which machine, with which clocks and which record.
import { readFileSync } from 'node:fs';
import { hostname, release } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { Feature } from '@hopscope/native';
import { type Hello, RECORD_LAYOUT } from '@hopscope/protocol';
import { VERSION } from '../lib/version.ts';

export interface HelloParts {
  readonly dropReasons: Readonly<Record<number, string>>;
  readonly features: readonly Feature[];
  readonly lab: boolean;
  /** Null = the default. */
  readonly timeoutMs: number | null;
}

export function buildHello({ dropReasons, features, lab, timeoutMs }: HelloParts): Hello {
  return {
    type: 'hello',
    ...RECORD_LAYOUT,
    agent: { version: VERSION },
    host: { name: hostname(), kernel: release(), bootId: readBootId() },
    clock: readClocks(),
    dropReasons: Object.fromEntries(Object.entries(dropReasons)),
    features: features.map((feature) => ({ ...feature })),
    lab,
    ...(timeoutMs === null ? {} : { timeoutMs }),
  };
}

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/**
 * One instant on CLOCK_MONOTONIC (what hrtime is on Linux, and what the kernel stamps records with) and on the wall clock
 * (Date.now() knows only milliseconds; timeOrigin + now() has microseconds).
 */
function readClocks(): Hello['clock'] {
  const before = process.hrtime.bigint();
  const wallUs = Math.round((performance.timeOrigin + performance.now()) * 1000);
  const after = process.hrtime.bigint();
  return { monotonicNs: String((before + after) / 2n), wallNs: `${wallUs}000` };
}
