// lockDown ends the privilege of a whole process, so each test runs it in a process of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDown } from '@hopscope/native';
import { describe, expect, test } from 'vitest';
import { AS_NOBODY } from '../../tests/netns/support/as-nobody.ts';
import { jsonOf, pathOfProgram, run, runProgram, whyNotRoot } from './support/run-program.ts';

const uid = 65534;
const gid = 65533;
const noCapability = '0'.repeat(16);
const EPERM = 1;
const ENOSYS = 38;

interface Report {
  readonly threads: readonly string[];
  readonly [outcome: string]: unknown;
}

/** `Uid:\t1\t1…` lines of a /proc/…/status → key → value. */
function statusFields(text: string): Record<string, string> {
  return Object.fromEntries(text.split('\n').map((line) => line.split(/:\s*/, 2)));
}

test.each([
  ['nothing', undefined],
  ['a number', 1000],
  ['a uid that is no number', { uid: '1000', gid: 1000 }],
  ['no gid', { uid: 1000 }],
])('%s is a TypeError', (_what, identity) => {
  expect(() => Reflect.apply(lockDown, null, [identity])).toThrow(TypeError);
});

test.each([
  ['root', { uid: 0, gid: 1000 }],
  ['root’s group', { uid: 1000, gid: 0 }],
  ['a negative id', { uid: -1, gid: 1000 }],
  ['the id that stands for no change', { uid: 4294967295, gid: 1000 }],
  ['a broken number', { uid: 1000.5, gid: 1000 }],
  ['NaN', { uid: Number.NaN, gid: 1000 }],
])('%s is a RangeError', (_what, identity) => {
  expect(() => lockDown(identity)).toThrow(RangeError);
});

describe.skipIf(whyNotRoot !== null)(`as root${whyNotRoot === null ? '' : ` (skipped: ${whyNotRoot})`}`, () => {
  test('no thread keeps a privilege, and Node goes on working', async () => {
    const ended = await runProgram('lock-down.mjs', {
      wrapper: ['setpriv', '--groups=4,27'],
      args: [String(uid), String(gid)],
    });
    const { threads, ...report } = jsonOf(ended) as Report;
    expect(report).toEqual({
      locked: 'done',
      worker: expect.any(Number),
      served: 'served',
      timer: 'rang',
      file: true,
      rootFile: 'EACCES',
      spawn: 'EPERM',
      setuid: 'EPERM',
      capture: 'ERR_NO_PRIVILEGE',
      inherited: 'EBADF',
      again: 'ERR_SYSTEM',
    });
    // Main thread, V8's, the thread pool's, and the two workers', one of which began after the lock-down.
    expect(threads.length).toBeGreaterThan(8);
    for (const thread of threads) {
      expect(statusFields(thread)).toMatchObject({
        Uid: Array(4).fill(uid).join('\t'),
        Gid: Array(4).fill(gid).join('\t'),
        Groups: '',
        CapInh: noCapability,
        CapPrm: noCapability,
        CapEff: noCapability,
        CapAmb: noCapability,
        NoNewPrivs: '1',
        Seccomp: '2',
      });
    }
    expect(statusFields(threads[0] ?? '')).toMatchObject({ CapBnd: noCapability });
  });

  test('a file that root left open is closed', async () => {
    const ended = await runProgram('lock-down.mjs', {
      // Node itself lets no child have those up to 15 (uv_disable_stdio_inheritance).
      wrapper: ['bash', '-c', 'exec 200</etc/shadow; exec "$@"', 'bash'],
      args: [String(uid), String(gid)],
    });
    expect(jsonOf(ended)).toMatchObject({ locked: 'done', served: 'served', inherited: 'EBADF' });
  });

  test('an inheritable capability is told, not overlooked', async () => {
    const ended = await runProgram('lock-down.mjs', {
      wrapper: ['setpriv', '--inh-caps=+net_admin'],
      args: [String(uid), String(gid)],
    });
    // Linux keeps that set per thread, and no thread can change another's.
    expect(jsonOf(ended)).toMatchObject({ locked: 'ERR_SYSTEM' });
  });

  test('without the privilege to change ids it says so', async () => {
    const ended = await runProgram('lock-down.mjs', {
      wrapper: AS_NOBODY,
      args: [String(uid), String(gid)],
    });
    expect(jsonOf(ended)).toMatchObject({ locked: 'ERR_SYSTEM' });
  });

  test('an io_uring made with privilege is refused: it would keep root’s credentials', async () => {
    const ended = await runProgram('lock-down.mjs', {
      env: { UV_USE_IO_URING: '1' },
      args: [String(uid), String(gid)],
    });
    expect(jsonOf(ended)).toMatchObject({ locked: 'ERR_SYSTEM' });
  });
});

test('the filter refuses what a web server never needs, also to root, and nothing else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hopscope-seccomp-'));
  try {
    const probe = join(folder, 'probe');
    const source = new URL('../src/', import.meta.url).pathname;
    const built = await run([
      'c++',
      '-std=c++17',
      `-I${source}`,
      '-o',
      probe,
      pathOfProgram('seccomp-probe.cc'),
      join(source, 'seccomp_filter.cc'),
    ]);
    expect(built.stderr).toBe('');
    const { filter, ...calls } = jsonOf(await run([probe])) as Record<string, [number, number]>;
    expect(filter).toBeDefined();

    const allowed = ['clone with CLONE_THREAD', 'ioctl', 'close'];
    for (const name of allowed) expect(calls[name]?.[1], name).toBe(calls[name]?.[0]);
    const refused = Object.entries(calls).filter(([name]) => !allowed.includes(name));
    expect(refused.length).toBeGreaterThan(35);
    for (const [name, [, after]] of refused) expect([name, after]).toEqual([name, name === 'clone3' ? ENOSYS : EPERM]);
    // As root the kernel itself would have looked at the arguments.
    if (whyNotRoot === null) for (const [name, [before]] of refused) expect([name, before]).not.toEqual([name, EPERM]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
