import { readFileSync } from 'node:fs';

/** How one thing stands. `why` is empty when it is on, `mend` when nothing needs or can be done. */
export interface Check {
  readonly name: string;
  readonly state: 'on' | 'off';
  /** A fact worth knowing either way, such as a version. */
  readonly detail: string;
  readonly why: string;
  readonly mend: string;
}

export function on(name: string, detail = ''): Check {
  return { name, state: 'on', detail, why: '', mend: '' };
}

export function off(name: string, why: string, mend: string, detail = ''): Check {
  return { name, state: 'off', detail, why, mend };
}

/** A small file of the kernel, trimmed; null when it cannot be read. */
export function readSmall(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}
