// `hopscope export` as it is typed: files, refusals, what goes wrong with the disk, the reader and the recording.
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { FORMATS } from '../../apps/agent/src/export/formats.ts';
import { PROGRAM } from '../netns/support/hopscope.ts';
import { describeUnless, whyNotRoot } from '../netns/support/privilege.ts';
import { bytesOf, RECORDINGS } from './support/incident.ts';
import { longRecording } from './support/long-recording.ts';

const NAT = join(RECORDINGS, 'nat.hops');
const FLOOD = join(RECORDINGS, 'flood.hops');
const ENV = { ...process.env, LC_ALL: 'C.UTF-8', NO_COLOR: '1', SUDO_UID: '', SUDO_GID: '' };

const top = mkdtempSync(join(tmpdir(), 'hopscope-export-'));
let folder = '';
let tests = 0;
beforeEach(() => {
  folder = join(top, String(++tests));
  mkdirSync(folder);
});
afterAll(() => rmSync(top, { recursive: true }));

const at = (name: string) => join(folder, name);

interface Ran {
  readonly status: number | null;
  readonly lines: readonly string[];
  readonly stdout: Buffer;
}

function ran(program: string, args: readonly string[]): Ran {
  const { status, stdout, stderr } = spawnSync(program, args, { env: ENV, timeout: 50_000, maxBuffer: 2 ** 28 });
  return {
    status,
    stdout,
    lines: stderr
      .toString()
      .split('\n')
      .filter((line) => line !== ''),
  };
}

const hopscope = (...args: string[]) => ran(process.execPath, [PROGRAM, ...args]);
const shell = (line: string, ...args: string[]) => ran('bash', ['-c', line, process.execPath, PROGRAM, ...args]);

describe('a file', () => {
  test.each(FORMATS.map(({ ending }) => ending))('%s is whole, its owner’s, and alone', (ending) => {
    const path = at(`incident${ending}`);
    const { status, lines } = hopscope('export', NAT, '-o', path);
    expect([status, lines]).toEqual([0, [`Exported ${NAT} to ${path} (${statSync(path).size} bytes)`]]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual([`incident${ending}`]);
  });

  test('that is there already is kept, but for --force', () => {
    const path = at('incident.csv');
    writeFileSync(path, 'mine');
    const refused = hopscope('export', NAT, '-o', path);
    expect([refused.status, refused.lines]).toEqual([1, [`hopscope: ${path} is there already: --force replaces it`]]);
    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect(hopscope('export', NAT, '-o', path, '--force').status).toBe(0);
    expect(readFileSync(path, 'utf8')).toMatch(/^path,protocol/);
    mkdirSync(at('folder.csv'));
    for (const force of [[], ['--force']]) {
      expect(hopscope('export', NAT, '-o', at('folder.csv'), ...force).lines[0]).toContain('no ordinary file');
    }
    expect(readdirSync(folder).sort()).toEqual(['folder.csv', 'incident.csv']);
  });

  test('on stdout is the same', () => {
    hopscope('export', NAT, '-o', at('a.pcapng'));
    expect(hopscope('export', NAT, '-o', '-', '--format', 'pcapng').stdout.equals(readFileSync(at('a.pcapng')))).toBe(
      true,
    );
  });

  test('of JSON lines is what trace prints', () => {
    const printed = hopscope('trace', '-r', NAT, '--json', '--display-filter', 'icmp.seq == 2').stdout.toString();
    const { stdout } = hopscope('export', NAT, '-o', '-', '--format', 'jsonl', '--display-filter', 'icmp.seq == 2');
    expect(stdout.toString()).toBe(printed);
    expect(printed.length).toBeGreaterThan(1000);
  });
});

describe('a usage error says what there is', () => {
  test.each([
    [['export'], /^hopscope: export needs a recording/],
    [['export', NAT], /^hopscope: export needs a file to write: -o OUT/],
    [['export', NAT, '-o', '-'], /^hopscope: -o - needs --format/],
    [['export', NAT, '-o', 'x.pdf'], /^hopscope: x\.pdf ends in none of \.pcapng, \.jsonl, \.md, .*\.otlp\.json/],
    [['export', NAT, '-o', '-', '--format', 'pdf'], /^hopscope: "pdf" is not a format: pcapng, jsonl, md, /],
    [['export', NAT, '-o', 'x.pcapng', '--packets', 'all'], /--packets: "all" is not hop or journey/],
    [['export', NAT, '-o', 'x.csv', '--display-filter', 'rtt >'], /^hopscope: --display-filter: /],
    [
      ['export', NAT, '-o', '-', '--format', 'hops', '--display-filter', 'icmp'],
      /^hopscope: a recording keeps what was captured/,
    ],
  ])('%j', (args, said) => {
    const { status, lines, stdout } = hopscope(...args);
    expect([status, lines[0], stdout.length]).toEqual([2, expect.stringMatching(said), 0]);
  });

  test('a key that is none', () => {
    writeFileSync(at('key'), 'short');
    const { status, lines } = hopscope('export', NAT, '-o', at('x.md'), '--redact-key', at('key'));
    expect([status, lines]).toEqual([1, [expect.stringContaining('is no key: it has 5 bytes, not 16 to 4096')]]);
    expect(readdirSync(folder)).toEqual(['key']);
  });
});

describe('what cannot be written', () => {
  test('a full disk behind stdout is told in one line', () => {
    const { status, lines } = shell('"$0" "$1" export "$2" -o - --format jsonl > /dev/full', FLOOD);
    expect([status, lines]).toEqual([
      1,
      ['hopscope: the output cannot be written: the disk is full: what is there of it is not whole'],
    ]);
  });

  test('a reader that has gone is told in one line', () => {
    const { stdout, lines } = shell(
      '"$0" "$1" export "$2" -o - --format jsonl | head -c 10 > /dev/null; echo $PIPESTATUS',
      FLOOD,
    );
    expect([stdout.toString(), lines]).toEqual([
      '1\n',
      ['hopscope: the output cannot be written: whoever read it has gone: what is there of it is not whole'],
    ]);
  });

  test('a folder that is not there', () => {
    const { status, lines } = hopscope('export', NAT, '-o', at('no/x.md'));
    expect([status, lines]).toEqual([1, [`hopscope: ${at('no/x.md')} cannot be made: its folder is not there`]]);
  });

  test('a command that is stopped leaves nothing', async () => {
    writeFileSync(at('long.hops'), bytesOf(await longRecording(5)));
    const { status, lines } = shell(
      '"$0" "$1" export "$2" -o "$3" & until ls "$3".*.part > /dev/null 2>&1; do :; done; kill $!; wait $!',
      at('long.hops'),
      at('x.jsonl'),
    );
    expect([status, lines]).toEqual([1, ['hopscope: stopped before the export was whole: nothing is left of it']]);
    expect(readdirSync(folder)).toEqual(['long.hops']);
  });
});

describeUnless(whyNotRoot())('a disk that is full', () => {
  test('is told in one line, keeps what --force was to replace, and has no half file', () => {
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', folder]).status).toBe(0);
    try {
      writeFileSync(at('x.jsonl'), 'mine');
      const { status, lines } = hopscope('export', FLOOD, '-o', at('x.jsonl'), '--force');
      expect([status, lines]).toEqual([1, [`hopscope: ${at('x.jsonl')} cannot be written: the disk is full`]]);
      expect(readdirSync(folder)).toEqual(['x.jsonl']);
      expect(readFileSync(at('x.jsonl'), 'utf8')).toBe('mine');
    } finally {
      spawnSync('umount', [folder]);
    }
  });
});

test('a key without an end is read no further than a key can be long', () => {
  const { status, lines } = hopscope('export', NAT, '-o', at('x.md'), '--redact-key', '/dev/zero');
  expect([status, lines]).toEqual([1, [expect.stringMatching(/^hopscope: \/dev\/zero is no key: .* 16 to 4096/)]]);
});

describe('a recording that is not whole', () => {
  test('is exported as far as it is, and the offset told', () => {
    const whole = readFileSync(FLOOD);
    writeFileSync(at('cut.hops'), whole.subarray(0, 40_000));
    const { status, lines } = hopscope('export', at('cut.hops'), '-o', at('cut.md'));
    expect(status).toBe(1);
    expect(lines).toEqual([
      expect.stringMatching(/^Exported .*cut\.md \(\d+ bytes\)$/),
      expect.stringMatching(
        /cut\.hops: at byte \d+: the file ends inside of a block: the \d+ hops before it were read$/,
      ),
    ]);
    expect(readFileSync(at('cut.md'), 'utf8')).toMatch(/\*\*The recording is not whole\*\*: at byte \d+/);
    // A recording of what is whole is whole.
    expect(hopscope('export', at('cut.hops'), '-o', at('mended.hops')).status).toBe(1);
    const mended = hopscope('trace', '-r', at('mended.hops'));
    expect(mended.status).toBe(0);
    expect(mended.stdout.equals(hopscope('trace', '-r', at('cut.hops')).stdout)).toBe(true);
  });

  test('with a broken block in its middle: the same', () => {
    const broken = readFileSync(FLOOD);
    broken.fill(0xee, 30_000, 30_100);
    writeFileSync(at('broken.hops'), broken);
    const { status, lines } = hopscope('export', at('broken.hops'), '-o', at('x.pcapng'));
    expect([status, lines.at(-1)]).toEqual([
      1,
      expect.stringMatching(
        /the block at byte \d+ cannot be unpacked: .*: (the \d+ hops before it were|nothing could be) read$/,
      ),
    ]);
  });
});

/** Whole up to its first block, of which the header then claims what it likes. */
function withBlock(packedBytes: number, rawBytes: number, content: Uint8Array): Buffer {
  const nat = readFileSync(NAT);
  const begin = 16 + nat.readUInt32LE(12);
  const head = Buffer.from(nat.subarray(begin, begin + 40));
  head.writeUInt32LE(packedBytes, 4);
  head.writeUInt32LE(rawBytes, 8);
  return Buffer.concat([nat.subarray(0, begin), head, content]);
}

describe('a file that is bad is refused in one line, and nothing is left', () => {
  const bomb = gzipSync(new Uint8Array(200_000_000));
  const sparse = (bytes: Buffer) => {
    writeFileSync(at('bad.hops'), bytes);
    truncateSync(at('bad.hops'), 4 * 2 ** 30);
  };
  const plain = (bytes: Uint8Array) => writeFileSync(at('bad.hops'), bytes);
  const newer = Buffer.from(readFileSync(NAT));
  newer.writeUInt16LE(9, 8);

  test.each<[string, () => void, RegExp]>([
    ['empty', () => plain(Buffer.alloc(0)), /no Hopscope recording/],
    ['foreign', () => plain(gzipSync('a gzip file')), /no Hopscope recording/],
    ['of a newer version', () => plain(newer), /has version 9, this Hopscope reads up to 1: use a newer one/],
    [
      'cut inside of its header',
      () => plain(readFileSync(NAT).subarray(0, 900)),
      /the file ends at byte 900, inside of its header/,
    ],
    [
      'cut inside of its first block',
      () => plain(readFileSync(NAT).subarray(0, 6000)),
      /at byte \d+: the file ends inside of a block: nothing could be read/,
    ],
    ['of 4 GB with nothing in it', () => sparse(Buffer.alloc(0)), /no Hopscope recording/],
    [
      'of 4 GB behind a good header',
      () => sparse(withBlock(0, 0, Buffer.alloc(0)).subarray(0, -40)),
      /at byte \d+: no block begins here: nothing could be read/,
    ],
    [
      'of 4 GB that is one block',
      () => sparse(withBlock(2 ** 32 - 100, 1000, Buffer.alloc(0))),
      /a block of 4294967196 bytes, at most 33554432/,
    ],
    [
      'a bomb that says so',
      () => plain(withBlock(bomb.length, 200_000_000, bomb)),
      /a block of 200000000 bytes unpacked, at most 83886080/,
    ],
  ])('%s', (_, write, said) => {
    write();
    for (const [command, ...flags] of [
      ['export', '-o', at('x.md')],
      ['trace', '-r'],
      ['replay', '--port', '0'],
    ]) {
      const { status, lines } = hopscope(command as string, ...flags, at('bad.hops'));
      expect([command, status, lines.at(-1)]).toEqual([command, 1, expect.stringMatching(said)]);
      if (command !== 'trace') expect(lines).toHaveLength(1);
    }
    expect(readdirSync(folder)).toEqual(['bad.hops']);
  });

  test('a bomb that says that it is small', () => {
    plain(withBlock(bomb.length, 1000, bomb));
    const { status, lines } = hopscope('export', at('bad.hops'), '-o', at('x.md'));
    expect([status, lines.at(-1)]).toEqual([
      1,
      expect.stringMatching(/the block at byte \d+ cannot be unpacked: .*: nothing could be read/),
    ]);
  });
});
