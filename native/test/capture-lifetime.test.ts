// When a capture wakes its reader, and how it ends: closed in its callback, with its worker, its process, or by the collector.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import { type Lab, startLab } from '@hopscope/lab';
import { type Capture, openCapture, quietMs } from '@hopscope/native';
import { OFFSET, RECORD_BYTES } from '@hopscope/protocol';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeUnless, whyNoPrograms, whyNotRoot } from '../../tests/netns/support/privilege.ts';
import { pingIn } from '../../tests/netns/support/run.ts';

/** Loads the addon in a program given as text. */
const LOAD = `const { openCapture } = require(${JSON.stringify(import.meta.resolve('@hopscope/native').replace('file://', ''))});`;

function later<T>() {
  let resolve: (value: T) => void = () => {};
  const value = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { value, resolve };
}

function drainAll(capture: Capture, buffer = new Uint8Array(4096 * RECORD_BYTES)): Buffer {
  const parts: Uint8Array[] = [];
  for (let bytes = capture.drain(buffer); bytes > 0; bytes = capture.drain(buffer)) parts.push(buffer.slice(0, bytes));
  return Buffer.concat(parts);
}

/** Ids of the BPF programs that a process holds, directly or by a link. */
function programsOf(pid: number): number[] {
  const ids = readdirSync(`/proc/${pid}/fdinfo`).flatMap((fd) => {
    try {
      return /^prog_id:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1] ?? [];
    } catch {
      return []; // closed meanwhile
    }
  });
  return [...new Set(ids.map(Number))];
}

/** Those of these programs that the kernel still has. */
function alive(programs: readonly number[]): number[] {
  const all: { id: number }[] = JSON.parse(execFileSync('bpftool', ['-j', 'prog', 'show'], { encoding: 'utf8' }));
  return all.map(({ id }) => id).filter((id) => programs.includes(id));
}

/** Every time a thread of the process went to sleep by itself, since its start. */
function sleepsOf(pid: number): number {
  const counts = readdirSync(`/proc/${pid}/task`).map((thread) =>
    Number(/^voluntary_ctxt_switches:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8'))?.[1]),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

describeUnless(whyNotRoot(), whyNoPrograms())('the life of a capture', () => {
  let lab: Lab;
  let inum = 0;
  const open: Capture[] = [];
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    lab = await startLab({ namespaces: [{ name: 'a' }, { name: 'quiet' }] });
    inum = lab.namespaces[0]?.inum ?? 0;
  });
  afterEach(() => {
    for (const capture of open.splice(0)) capture.close();
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  afterAll(() => lab?.stop());

  function start(options: Parameters<typeof openCapture>[0] = {}): Capture {
    const capture = openCapture({ netns: [inum], ...options });
    open.push(capture);
    return capture;
  }
  const ping = (count: number, interval = 0.002) =>
    pingIn(lab, 'a', '-c', String(count), '-i', String(interval), '127.0.0.1');

  /** A Node program with the addon that lives until it is told to end; resolves when it has printed a line. */
  async function startProgram(code: string, ...flags: string[]) {
    const child = spawn(process.execPath, [...flags, '-e', LOAD + code], { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    return { child, pid: child.pid as number, line: String(line) };
  }

  test('can be opened and closed while packets flow', async () => {
    const flood = lab.run('a', ['ping', '-n', '-q', '-f', '-c', '5000000', '-w', '20', '127.0.0.1'], {
      stdio: 'ignore',
    });
    const flooded = once(flood, 'close');
    let seen = 0;
    for (let i = 0; i < 5; i++) {
      const capture = start({ ringBytes: 65536, onReadable: () => drainAll(capture) });
      await expect.poll(() => capture.counters().seen, { interval: 1 }).toBeGreaterThan(100);
      seen += capture.counters().seen;
      capture.close();
    }
    expect(seen).toBeGreaterThan(500);
    expect(flood.exitCode).toBe(null);
    flood.kill('SIGINT');
    await flooded;
  });

  test('wakes at once for the first record after silence, and again after the next', async () => {
    const delays: number[] = [];
    for (let i = 0; i < 5; i++) {
      const woken = later<bigint>();
      const capture = start({ onReadable: () => woken.resolve(process.hrtime.bigint()) });
      await ping(1);
      const at = await woken.value;
      const first = drainAll(capture).readBigUInt64LE(OFFSET.time_ns);
      delays.push(Number(at - first) / 1e6);
      capture.close();
    }
    // Both clocks are CLOCK_MONOTONIC. The best of five: the machine may be busy, the kernel side may not.
    expect(Math.min(...delays)).toBeGreaterThan(0);
    expect(Math.min(...delays)).toBeLessThan(quietMs);

    let calls = 0;
    const capture = start({ onReadable: () => calls++ });
    for (let round = 1; round <= 5; round++) {
      await ping(1);
      await expect.poll(() => calls, { interval: 1 }).toBe(round);
      // As a reader does: on its timer, until it has been quiet.
      await expect.poll(() => drainAll(capture).length, { interval: quietMs + 5 }).toBe(0);
    }
  });

  test('does not call for every record of a steady flow', async () => {
    let calls = 0;
    let records = 0;
    let last = 0;
    let timer: NodeJS.Timeout | undefined;
    const drain = () => {
      clearTimeout(timer);
      const bytes = drainAll(capture).length;
      records += bytes / RECORD_BYTES;
      if (bytes > 0) last = performance.now();
      timer = performance.now() - last < quietMs ? setTimeout(drain, 5) : undefined;
    };
    const capture = start({
      onReadable: () => {
        calls++;
        drain();
      },
    });
    await ping(100, 0.005);
    await expect.poll(() => records).toBeGreaterThan(800);
    // One, but for pauses that a busy machine makes.
    expect(calls).toBeLessThan(10);
    clearTimeout(timer);
  });

  test('may be closed inside its own callback', async () => {
    const closed = later<void>();
    const capture = start({
      onReadable: () => {
        capture.close();
        closed.resolve();
      },
    });
    await ping(1);
    await closed.value;
    await ping(1);
    expect(() => capture.counters()).toThrow('the capture is closed');
  });

  test('an idle process sleeps, whatever other namespaces do', async () => {
    const quiet = lab.namespaces[1]?.inum;
    const { pid } = await startProgram(`
      const capture = openCapture({ netns: [${quiet}], onReadable() {} });
      capture.drain(new Uint8Array(4096));
      console.log('open');`);
    const before = sleepsOf(pid);
    await ping(200, 0.005); // a second of packets that are not for it
    expect(sleepsOf(pid) - before).toBeLessThanOrEqual(5);
  });

  test('a process that waits for records sleeps while none come', async () => {
    const { pid, child } = await startProgram(`
      let last = 0;
      const buffer = new Uint8Array(65536);
      function drain() {
        while (capture.drain(buffer) > 0) last = performance.now();
        if (performance.now() - last < ${quietMs}) setTimeout(drain, 5);
        else console.log('quiet');
      }
      const capture = openCapture({ netns: [${inum}], onReadable: drain });
      console.log('open');`);
    const quiet = once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line');
    await ping(1);
    await quiet;
    const before = sleepsOf(pid);
    await pingIn(lab, 'quiet', '-c', '200', '-i', '0.005', '127.0.0.1');
    expect(sleepsOf(pid) - before).toBeLessThanOrEqual(5);
  });

  test('ends with its worker, and the main thread goes on', async () => {
    const mine = start();
    const own = programsOf(process.pid);
    for (const reader of ['onReadable() { capture.drain(buffer); }', '']) {
      const worker = new Worker(
        `${LOAD}
         const buffer = new Uint8Array(65536);
         const capture = openCapture({ netns: [${inum}], ringBytes: 65536, ${reader} });
         require('node:worker_threads').parentPort.postMessage('open');
         setInterval(() => capture.counters(), 1);`,
        { eval: true },
      );
      await once(worker, 'message');
      const theirs = programsOf(process.pid).filter((id) => !own.includes(id));
      expect(theirs.length).toBeGreaterThanOrEqual(8);
      const flow = ping(100);
      await worker.terminate();
      await expect.poll(() => alive(theirs), { timeout: 5000 }).toEqual([]);
      await flow;
    }
    expect(drainAll(mine).length).toBeGreaterThanOrEqual(2 * 100 * 8 * RECORD_BYTES);
  });

  test('a worker may close it and end by itself', async () => {
    const worker = new Worker(
      `${LOAD}
       const capture = openCapture({ ringBytes: 65536, onReadable() {} });
       capture.close();`,
      { eval: true },
    );
    const [status] = await once(worker, 'exit');
    expect(status).toBe(0);
  });

  test.each([
    ['process.exit', 'process.exit(7)', 7, null],
    ['an exception', "throw new Error('on purpose')", 7, null],
    ['SIGKILL', "process.kill(process.pid, 'SIGKILL')", null, 'SIGKILL'],
  ])('ends with its process, by %s', async (_how, end, status, signal) => {
    const { child, pid } = await startProgram(`
      const capture = openCapture({ netns: [${inum}], onReadable() {} });
      process.on('uncaughtException', () => process.exit(7));
      process.stdin.once('data', () => { ${end}; });
      console.log('open');`);
    const programs = programsOf(pid);
    expect(programs.length).toBeGreaterThanOrEqual(8);
    expect(alive(programs)).toEqual(expect.arrayContaining(programs));
    child.stdin?.write('now');
    expect(await once(child, 'exit')).toEqual([status, signal]);
    await expect.poll(() => alive(programs), { timeout: 5000 }).toEqual([]);
  });

  test('lets the process end once it is closed', async () => {
    const { child } = await startProgram(`
      const capture = openCapture({ ringBytes: 65536, onReadable() {} });
      process.stdin.once('data', () => { capture.close(); process.stdin.destroy(); });
      console.log('open');`);
    child.stdin?.write('now');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('is freed by the collector when nobody can use it any more', async () => {
    const { child, pid } = await startProgram(
      `
      (() => { openCapture({ ringBytes: 65536 }); openCapture({ ringBytes: 65536, onReadable() {} }); })();
      process.stdin.on('data', () => gc());
      console.log('open');`,
      '--expose-gc',
    );
    const programs = programsOf(pid);
    expect(programs.length).toBeGreaterThanOrEqual(16);
    await expect
      .poll(
        () => {
          child.stdin?.write('collect');
          return alive(programs);
        },
        { timeout: 5000 },
      )
      .toEqual([]);
    expect(programsOf(pid)).toEqual([]);
    expect(child.exitCode).toBe(null);
  });

  /** Tries to open a capture in a process of its own; answers the error's code and message. */
  function whyNotOpened(before: string, ...wrapper: string[]): string {
    const code = `${LOAD} ${before} try { openCapture(); console.log('opened'); } catch (error) { console.log(error.code, error.message); }`;
    const [command = '', ...argv] = [...wrapper, process.execPath, '-e', code];
    return execFileSync(command, argv, { encoding: 'utf8' }).trim();
  }

  test('says in one line which privilege is missing', () => {
    const why = whyNotOpened('process.setgroups([]); process.setgid(65534); process.setuid(65534);');
    expect(why).toMatch(/^ERR_NO_PRIVILEGE .*CAP_BPF CAP_PERFMON\. Run it as root \(sudo\)$/);
  });

  test('says in one line that the kernel does not describe its types', () => {
    const hide = 'mount -t tmpfs none /sys/kernel/btf && exec "$@"';
    const why = whyNotOpened('', 'unshare', '--mount', '--propagation', 'private', 'sh', '-c', hide, 'sh');
    expect(why).toMatch(/^ERR_NO_BTF .*\/sys\/kernel\/btf\/vmlinux is missing\. /);
    expect(why.split('\n').length).toBe(1);
  });
});
