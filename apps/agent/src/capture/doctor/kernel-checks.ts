// Kernel features and privileges, and whether the programs really load: they are loaded, looked at and taken out again.
import { accessSync, constants } from 'node:fs';
import { release } from 'node:os';
import type { Inventory } from '@hopscope/native';
import { EXIT, type ExitCode, exitCodeOf, messageOf } from '../../lib/failure.ts';
import { loadNative, type NativeAddon } from '../../lib/native.ts';
import { within } from '../../lib/within.ts';
import { CAPABILITIES, ownCapabilities } from '../capabilities.ts';
import { type Check, off, on, readSmall } from './check.ts';

export type { Check };

/** The first look takes some 50 ms; the doctor waits for it, but not for ever. */
const INVENTORY_WITHIN_MS = 2000;
const BTF_PATH = '/sys/kernel/btf/vmlinux';

/** @returns also the exit code that `serve` and `trace` would end with: 0, 3 or 4 (1 when the addon itself is missing) */
export async function checkKernel(): Promise<{ checks: Check[]; exitCode: ExitCode }> {
  const checks = [
    on('kernel', release()),
    checkBtf(),
    checkLockdown(),
    checkUnprivileged(),
    checkMemlock(),
    checkSymbols(),
    ...checkCapabilities(),
  ];
  let native: NativeAddon;
  try {
    native = loadNative();
  } catch (error) {
    return { checks: [...checks, off('addon', messageOf(error), 'npm run build')], exitCode: EXIT.failure };
  }
  const programs = await checkPrograms(native);
  return {
    checks: [...checks, on('addon', `libbpf ${native.libbpfVersion()}`), ...programs.checks],
    exitCode: programs.exitCode,
  };
}

async function checkPrograms(native: NativeAddon): Promise<{ checks: Check[]; exitCode: ExitCode }> {
  let checks: Check[];
  try {
    const capture = native.openCapture();
    checks = [on('ring-buffer'), ...capture.features().map((feature) => ({ ...feature, detail: '' }))];
    capture.close();
  } catch (error) {
    return { checks: [off('programs', messageOf(error), '')], exitCode: exitCodeOf(error) };
  }
  const reasons = Object.keys(native.dropReasons()).length;
  checks.push(
    reasons > 0
      ? on('drop-reasons', `${reasons} names`)
      : off('drop-reasons', 'this kernel does not say why it drops a packet', 'a kernel from 5.17 on'),
  );
  checks.push(...(await checkInventory(native)));
  return { checks, exitCode: EXIT.ok };
}

async function checkInventory(native: NativeAddon): Promise<Check[]> {
  const warnings: string[] = [];
  let inventory: Inventory | undefined;
  let namespaces = 0;
  try {
    const first = new Promise<void>((resolve) => {
      inventory = native.openInventory({
        onSnapshot(all) {
          namespaces = all.length;
          resolve();
        },
        onWarning: (text) => void warnings.push(text),
      });
    });
    await within(INVENTORY_WITHIN_MS, first);
    return [
      on('inventory', `${namespaces} network namespaces`),
      ...warnings.map((text) => off('inventory-whole', text, '')),
    ];
  } catch (error) {
    return [off('inventory', messageOf(error), 'run it as root; without it the map has no boxes, the trace no names')];
  } finally {
    inventory?.close();
  }
}

function checkBtf(): Check {
  if (readHead(BTF_PATH)) return on('btf', BTF_PATH);
  return off(
    'btf',
    `${BTF_PATH} is not there or not readable`,
    'a kernel built with CONFIG_DEBUG_INFO_BTF=y (Debian 11 and later have it)',
  );
}

function readHead(path: string): boolean {
  // Binary, some MiB: being able to open it says enough.
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** The lockdown LSM refuses to let programs read kernel memory at its highest level. */
function checkLockdown(): Check {
  const text = readSmall('/sys/kernel/security/lockdown');
  const level = text === null ? 'none' : (/\[(\w+)\]/.exec(text)?.[1] ?? text);
  return level === 'confidentiality'
    ? off(
        'no-lockdown',
        'kernel lockdown is at "confidentiality", which forbids tracing',
        'boot with lockdown=integrity, or without Secure Boot',
      )
    : on('no-lockdown', `lockdown: ${level}`);
}

function checkUnprivileged(): Check {
  const value = readSmall('/proc/sys/kernel/unprivileged_bpf_disabled');
  const root = process.geteuid?.() === 0;
  if (root) return on('root', `kernel.unprivileged_bpf_disabled=${value ?? 'unknown'} does not concern root`);
  return off('root', `not root, and kernel.unprivileged_bpf_disabled=${value ?? 'unknown'}`, 'run it with sudo');
}

/** Kernels before 5.11 count the ring against this limit. */
function checkMemlock(): Check {
  const limit = /^Max locked memory\s+(\S+)/m.exec(readSmall('/proc/self/limits') ?? '')?.[1] ?? 'unknown';
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const counts = major < 5 || (major === 5 && minor < 11);
  return counts && limit !== 'unlimited'
    ? off(
        'memlock',
        `at most ${limit} bytes may be locked, and this kernel counts the ring buffer`,
        'ulimit -l unlimited',
      )
    : on('memlock', counts ? 'unlimited' : 'not counted by this kernel');
}

function checkSymbols(): Check {
  const restrict = readSmall('/proc/sys/kernel/kptr_restrict');
  return restrict === '2'
    ? off(
        'kernel-symbols',
        'kernel.kptr_restrict=2 hides them: the place of a drop has no name',
        'sysctl kernel.kptr_restrict=1',
      )
    : on('kernel-symbols', `kernel.kptr_restrict=${restrict ?? 'unknown'}`);
}

function checkCapabilities(): Check[] {
  const have = ownCapabilities();
  const root = process.geteuid?.() === 0;
  const mend = root ? 'run it outside this container, or add the capability to it' : 'run it with sudo';
  return CAPABILITIES.map(({ name, use }) => {
    if (have.has(name)) return on(name, use);
    // The kernel takes the old, larger capability for the newer ones.
    if ((name === 'CAP_BPF' || name === 'CAP_PERFMON') && have.has('CAP_SYS_ADMIN'))
      return on(name, 'by CAP_SYS_ADMIN');
    return off(name, `missing; needed for ${use}`, mend);
  });
}
