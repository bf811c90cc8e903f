// What this process may do, from the kernel's own account of it.
import { readFileSync } from 'node:fs';
import { EXIT, Failure } from '../lib/failure.ts';

/** Bit numbers from linux/capability.h, with what hopscope uses each for. */
export const CAPABILITIES = [
  { name: 'CAP_BPF', bit: 39, use: 'loading the programs' },
  { name: 'CAP_PERFMON', bit: 38, use: 'attaching them to tracepoints' },
  { name: 'CAP_SYS_ADMIN', bit: 21, use: 'entering other network namespaces' },
  { name: 'CAP_NET_ADMIN', bit: 12, use: 'listening to all namespaces at once' },
  { name: 'CAP_SYS_PTRACE', bit: 19, use: "seeing other users' namespaces and processes" },
  { name: 'CAP_SETUID', bit: 7, use: 'giving up root in the web server' },
  { name: 'CAP_SYSLOG', bit: 34, use: 'naming the place of a drop' },
] as const;

export type CapabilityName = (typeof CAPABILITIES)[number]['name'];

/** @param status text of /proc/PID/status */
function effectiveCapabilities(status: string): Set<CapabilityName> {
  const bits = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return new Set(CAPABILITIES.filter(({ bit }) => (bits >> BigInt(bit)) & 1n).map(({ name }) => name));
}

export function ownCapabilities(): Set<CapabilityName> {
  return effectiveCapabilities(readFileSync('/proc/self/status', 'utf8'));
}

/**
 * A quick look before anything is started; the kernel has the last word when the programs are loaded.
 * @throws Failure naming what is missing
 */
export function requirePrivilege(): void {
  const have = ownCapabilities();
  // CAP_SYS_ADMIN stands for the two newer ones, as it does in the kernel.
  const missing = have.has('CAP_SYS_ADMIN')
    ? []
    : CAPABILITIES.filter(({ name }) => (name === 'CAP_BPF' || name === 'CAP_PERFMON') && !have.has(name));
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(' and ');
  const root = process.geteuid?.() === 0;
  const mend = root
    ? 'run it outside this container, or give the container these capabilities'
    : 'run it as root, for example with sudo';
  throw new Failure(
    EXIT.privilege,
    `reading packets from the kernel needs ${names}, which this process does not have: ${mend}`,
  );
}
