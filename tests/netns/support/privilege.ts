// Tests that need what this machine does not give are skipped with the reason; .ci/run turns every skip into a failure.
import { existsSync } from 'node:fs';
import { describe } from 'vitest';

/** Why no namespace can be made here, or null. */
export function whyNotRoot(): string | null {
  return process.getuid?.() === 0 ? null : 'needs root';
}

/** Why the kernel programs cannot be loaded here, or null. */
export function whyNoPrograms(): string | null {
  return existsSync('/sys/kernel/btf/vmlinux') ? null : 'needs a kernel with BTF';
}

/** `describe`, or a skip that carries the first reason there is. */
export function describeUnless(...reasons: (string | null)[]): (name: string, tests: () => void) => void {
  const reason = reasons.find((each) => each !== null);
  if (reason === undefined || reason === null) return describe;
  return (name, tests) => describe.skip(`${name} (skipped: ${reason})`, tests);
}
