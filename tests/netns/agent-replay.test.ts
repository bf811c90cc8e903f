// What the gateway keeps, saves and plays again: the same exchanges, statistics and ledger as live.
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { type Lab, PRACTICE_HOST, startLab } from '@hopscope/lab';
import { createAssembler, createPathStatistics } from '@hopscope/model';
import { type Hello, openRecording } from '@hopscope/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Companion, startCompanion } from './support/child.ts';
import { openPage, type Page, PROGRAM, runHopscope, statusOf } from './support/hopscope.ts';
import { describeUnless, whyNoPrograms, whyNotRoot } from './support/privilege.ts';
import { pingIn } from './support/run.ts';

const OUTSIDE = '198.51.100.9';
const ENV = { ...process.env, LC_ALL: 'C.UTF-8', NO_COLOR: '1', SUDO_UID: '', SUDO_GID: '' };

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Buffer;
}

async function get(port: number, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const asked = request({ host: '127.0.0.1', port, path, headers });
  asked.end();
  const [response] = await once(asked, 'response');
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) };
}

/** What a reader makes of some of the hops that a page was sent. */
function summaryOf({ frames, hops }: Page, from: number, to: number): object {
  const hello = frames.find((frame): frame is Hello => frame.type === 'hello');
  const assembler = createAssembler({ dropReasons: hello?.dropReasons ?? {} });
  for (const frame of frames) if (frame.type === 'locations') assembler.addLocations(frame.names);
  const some = hops.filter(({ index }) => index >= from && index < to);
  for (const hop of some) assembler.add(hop);
  const exchanges = assembler.ids().map((id) => assembler.exchange(id));
  const statistics = createPathStatistics();
  for (const exchange of exchanges) if (exchange !== undefined) statistics.add(exchange);
  return JSON.parse(JSON.stringify({ hops: some.length, exchanges, paths: statistics.paths() }));
}

async function hopsIn(bytes: Buffer): Promise<number> {
  const source = {
    bytes: bytes.length,
    read: async (from: number, count: number) => bytes.subarray(from, from + count),
  };
  const { blocks, damage } = await openRecording(source, (packed) => gunzipSync(packed));
  expect(damage).toBeNull();
  return blocks.reduce((sum, { hops }) => sum + hops, 0);
}

describe('what cannot be played', () => {
  test.each([
    [['replay'], 2, 'replay needs a recording'],
    [['replay', '/nothing/here.hops'], 1, 'there is no such file'],
    [['replay', 'a', 'b'], 2, 'unexpected argument "b"'],
    [['replay', 'a', '--speed', '0'], 2, 'is not a speed'],
    [['serve', '--history', '5'], 2, 'is not a size or a time'],
  ])('%j', (flags, code, said) => {
    const { status, stderr } = runHopscope(flags, [], ENV);
    expect([status, stderr]).toEqual([code, expect.stringContaining(said)]);
  });
});

describeUnless(whyNotRoot(), whyNoPrograms())('the last minutes', () => {
  let lab: Lab;
  let folder = '';
  const running: Companion[] = [];

  beforeAll(async () => {
    lab = await startLab({ ...PRACTICE_HOST, traffic: [] });
    folder = mkdtempSync(join(tmpdir(), 'hopscope-replay-'));
    chmodSync(folder, 0o755);
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.stop('SIGKILL')));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await lab?.stop();
  });

  async function start(...args: string[]): Promise<Companion & { readonly port: number }> {
    const companion = startCompanion([process.execPath, PROGRAM, ...args, '--port', '0'], { env: ENV, cwd: folder });
    running.push(companion);
    const line = await companion.waitForLine(/on http:\/\/localhost:\d+$/);
    return { ...companion, port: Number(/:(\d+)$/.exec(line)?.[1]) };
  }

  test('saved and played again give the same exchanges, statistics and ledger', async () => {
    // A practice host of its own: whatever else this machine does is not in it.
    const serving = await start('serve', '--lab');
    const live = await openPage(serving.port);
    const dropped = () => live.hops.some(({ dropReason, location }) => dropReason > 0 && location > 0);
    await expect.poll(() => live.hopCount > 300 && dropped(), { timeout: 30_000 }).toBe(true);
    const saved = await get(serving.port, '/recording');
    expect(saved.status).toBe(200);
    expect(saved.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': expect.stringMatching(/^attachment; filename="hopscope-[\w-]+-\d{8}T\d{6}Z\.hops"$/),
      'cross-origin-resource-policy': 'same-origin',
    });
    const hops = await hopsIn(saved.body);
    await expect.poll(() => (live.hops.at(-1)?.index ?? 0) + 1).toBeGreaterThanOrEqual(hops);
    await serving.stop('SIGTERM');
    const path = join(folder, 'saved.hops');
    writeFileSync(path, saved.body);

    const replaying = await start('replay', path, '--speed', '4');
    // Whoever starts it: no privilege.
    expect(statusOf(replaying.pid, 'Uid').split('\t')[0]).not.toBe('0');
    expect(statusOf(replaying.pid, 'CapEff')).toBe('0000000000000000');
    const played = await openPage(replaying.port);
    await expect.poll(() => played.hopCount, { timeout: 20_000 }).toBe(hops);
    // The live page came when the first packets had passed.
    const from = live.hops[0]?.index ?? 0;
    const expected = summaryOf(live, from, hops);
    expect(summaryOf(played, from, hops)).toEqual(expected);
    expect(expected).toMatchObject({
      exchanges: expect.arrayContaining([expect.objectContaining({ verdict: 'dropped' })]),
    });
    // Of those that the page was sent while it lasted, the last.
    const last = played.ledger();
    expect(live.ledgers.map(({ ledger }) => ledger)).toContainEqual(last);
    expect(last?.delivered).toBeGreaterThan(0);
    const topologyOf = (page: Page) => page.frames.filter(({ type }) => type.startsWith('topology'));
    expect(topologyOf(played)[0]).toMatchObject({ type: 'topology', topology: { namespaces: expect.any(Array) } });
    expect(topologyOf(live)).toEqual(expect.arrayContaining(topologyOf(played).slice(1)));
    expect(played.frames[0]).toMatchObject({
      type: 'hello',
      recording: { redacted: false, filter: '', created: expect.any(String), play: expect.any(String) },
    });

    const json = runHopscope(['trace', '-r', path, '--json'], [], ENV);
    const printed = json.stdout.split('\n').filter((line) => line.includes('"type":"exchange"'));
    const verdictsOf = (all: readonly { readonly verdict: string }[]) =>
      all.map(({ verdict }) => verdict).filter((verdict) => verdict === 'replied' || verdict === 'dropped');
    const { exchanges } = summaryOf(played, 0, hops) as { exchanges: { verdict: string }[] };
    expect(verdictsOf(printed.map((line) => JSON.parse(line))).sort()).toEqual(verdictsOf(exchanges).sort());

    // The file itself, whole and in parts.
    expect((await get(replaying.port, '/recording')).body.equals(saved.body)).toBe(true);
    const part = await get(replaying.port, '/recording', { Range: 'bytes=8-15' });
    expect([part.status, part.headers['content-range']]).toEqual([206, `bytes 8-15/${saved.body.length}`]);
    expect(part.body.equals(saved.body.subarray(8, 16))).toBe(true);
    expect((await get(replaying.port, '/recording', { Range: 'bytes=999999999-' })).status).toBe(416);
    expect((await get(replaying.port, '/')).body.toString()).toContain('<title>');
  });

  test('only this page may ask for it', async () => {
    const { port } = await start('serve');
    const refused: Record<string, string>[] = [
      { Host: 'evil.example' },
      { Origin: 'http://evil.example' },
      { Origin: 'null' },
      { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' },
      { 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'cors' },
    ];
    for (const headers of refused) {
      const { status, body } = await get(port, '/recording', headers);
      expect([headers, status, body.includes('HOPS')]).toEqual([headers, 403, false]);
    }
    expect((await get(port, '/recording', { 'Sec-Fetch-Site': 'same-origin' })).status).toBe(200);
  });

  test('SIGUSR2 writes them to a file in the working directory', async () => {
    const serving = await start('serve');
    await pingIn(lab, 'web', '-c', '3', '-i', '0.05', OUTSIDE);
    for (let i = 1; i <= 2; i++) {
      process.kill(serving.pid, 'SIGUSR2');
      await expect
        .poll(() => serving.stderr.filter((line) => line.startsWith('Saved')).length, { timeout: 10_000 })
        .toBe(i);
      // The name has the second.
      await setTimeout(1100);
    }
    const names = readdirSync(folder).filter((name) => name.startsWith('hopscope-'));
    expect(names).toHaveLength(2);
    const line = serving.stderr.find((each) => each.startsWith('Saved')) ?? '';
    const [, hops = '', name = ''] = /^Saved the last (\d+) hops: (\S+) \(\d+ bytes\)$/.exec(line) ?? [];
    expect(Number(hops)).toBeGreaterThanOrEqual(30);
    const { status, stdout } = runHopscope(['trace', '-r', join(folder, name), '--report'], [], ENV);
    expect([status, stdout]).toEqual([0, expect.stringMatching(/3 sent, 3 replied/)]);
    expect((await get(serving.port, '/')).status).toBe(200);
  });

  test('--history bounds what is kept', async () => {
    const none = await start('serve', '--history', '0');
    expect((await get(none.port, '/recording')).status).toBe(404);
    const little = await start('serve', '--history', '256K');
    const page = await openPage(little.port, { keep: false });
    await pingIn(lab, 'web', '-c', '400', '-i', '0.002', OUTSIDE);
    await expect.poll(() => page.hopCount, { timeout: 20_000 }).toBeGreaterThan(4000);
    const path = join(folder, 'little.hops');
    writeFileSync(path, (await get(little.port, '/recording')).body);
    const { stdout } = runHopscope(['trace', '-r', path, '--tree'], [], ENV);
    const shown = stdout.split('\n').filter((line) => /^\S ping/.test(line)).length;
    expect(shown).toBeGreaterThan(20);
    expect(shown).toBeLessThan(150);
    // It begins in the middle, with the names that things had by then.
    expect(stdout).toContain('(web → outside)');
  });

  test('--loop begins anew', async () => {
    const serving = await start('serve');
    await pingIn(lab, 'web', '-c', '2', '-i', '0.05', OUTSIDE);
    const path = join(folder, 'short.hops');
    writeFileSync(path, (await get(serving.port, '/recording')).body);
    const { port } = await start('replay', path, '--loop', '--speed', '10');
    const page = await openPage(port);
    const hellos = () => page.frames.filter((frame): frame is Hello => frame.type === 'hello');
    await expect.poll(() => hellos().length, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
    expect(new Set(hellos().map(({ recording }) => recording?.play)).size).toBe(hellos().length);
  });
});
