// What others read of an export: programs that nobody here wrote.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Exchange } from '@hopscope/model';
import { afterAll, expect, test } from 'vitest';
import type { ExportOptions } from '../../apps/agent/src/export/format.ts';
import { formatNamed } from '../../apps/agent/src/export/formats.ts';
import { describeUnless } from '../netns/support/privilege.ts';
import { hostileIncident } from './support/hostile-incident.ts';
import { EVERYTHING, exported, type Incident, readIncident, sourceOf } from './support/incident.ts';

const folder = mkdtempSync(join(tmpdir(), 'hopscope-export-'));
afterAll(() => rmSync(folder, { recursive: true }));

const describeWith = (program: string) =>
  describeUnless(spawnSync(program, ['--help']).error === undefined ? null : `needs ${program}`);

function run(program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  expect([program, status, stderr]).toEqual([program, 0, expect.any(String)]);
  return stdout;
}

async function file(
  name: string,
  incident: Incident,
  format: string,
  options: Partial<ExportOptions> = {},
): Promise<string> {
  const path = join(folder, `${name}.${format}`);
  writeFileSync(path, await exported(formatNamed(format), sourceOf(incident), { ...EVERYTHING, ...options }));
  return path;
}

type Line = Pick<Exchange, 'id' | 'verdict'> & {
  readonly hops: readonly {
    readonly netnsName: string;
    readonly ifname: string;
    readonly way: string;
    readonly sinceNs: number;
  }[];
  readonly drop: { readonly reason: string; readonly location: string } | null;
  readonly t: string;
};

/** What the other format of the same recording says of its exchanges. */
async function exchangesOf(incident: Incident): Promise<Line[]> {
  const lines = (await exported(formatNamed('jsonl'), sourceOf(incident))).toString().trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'exchange');
}

const FIELDS = [
  'frame.interface_name',
  'frame.comment',
  'frame.packet_flags_direction',
  'frame.packet_id',
  'frame.time_epoch',
  'frame.len',
  'frame.cap_len',
  'ip.src',
  'icmp.seq',
  '_ws.malformed',
];

function packetsOf(path: string, filter = ''): Record<string, string>[] {
  const fields = FIELDS.flatMap((field) => ['-e', field]);
  const text = run(
    'tshark',
    '-n',
    '-r',
    path,
    '-T',
    'fields',
    '-E',
    'separator=/t',
    '-E',
    'occurrence=f',
    ...fields,
    ...(filter === '' ? [] : ['-Y', filter]),
  );
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Object.fromEntries(line.split('\t').map((value, i) => [FIELDS[i], value])));
}

describeWith('tshark')('tshark', () => {
  test('sees each hop on its interface, with comment, direction and time', async () => {
    const incident = await readIncident('nat');
    const packets = packetsOf(await file('nat', incident, 'pcapng'));
    const expected = (await exchangesOf(incident)).flatMap(({ id, t, verdict, hops }) => {
      const way = (kind: string) => hops.filter((hop) => Reflect.get(hop, 'kind') === kind);
      return ['request', 'reply'].flatMap((kind) =>
        way(kind).map(({ netnsName, ifname, way: direction, sinceNs }, i, all) => ({
          'frame.interface_name': `${netnsName}/${ifname}`,
          comment: `hop ${i + 1} of ${all.length}, ${kind} of exchange ${id}, ${verdict}`,
          'frame.packet_flags_direction': direction === 'in' ? '0x00000001' : '0x00000002',
          ns: BigInt(t) + BigInt(sinceNs),
        })),
      );
    });
    const seen = packets.map((packet) => ({
      'frame.interface_name': packet['frame.interface_name'],
      comment: packet['frame.comment']?.replace(/, join [\w-]+$/, ''),
      'frame.packet_flags_direction': packet['frame.packet_flags_direction'],
      ns: BigInt(packet['frame.time_epoch']?.replace('.', '') ?? '0'),
    }));
    expect(seen).toEqual(expected);
    expect(seen).toHaveLength(60);
    // NAT on the way, and the length that it had on the wire.
    expect(new Set(packets.map((packet) => packet['ip.src']))).toEqual(
      new Set(['172.17.0.2', '192.0.2.2', '198.51.100.9']),
    );
    expect(new Set(packets.map((packet) => packet['frame.len']))).toEqual(new Set(['98']));
    expect(packets.every((packet) => packet['_ws.malformed'] === undefined || packet['_ws.malformed'] === '')).toBe(
      true,
    );
    // A packet keeps its id from hop to hop.
    expect(new Set(packets.map((packet) => packet['frame.packet_id'])).size).toBe(12);
  });

  test('sees the drops, and why', async () => {
    const path = await file('drops', await readIncident('drop-forward-drop'), 'pcapng');
    const drops = packetsOf(path, 'frame.comment contains "dropped: "');
    expect(drops.map((packet) => packet['frame.comment'])).toEqual(
      [1, 2, 3].map((id) =>
        expect.stringMatching(
          new RegExp(
            `^dropped: NETFILTER_DROP at \\S+, request of exchange ${id}, dropped\\. .*firewall rule .* in chain FORWARD`,
          ),
        ),
      ),
    );
    for (const packet of drops) {
      expect(packet).toMatchObject({
        'frame.interface_name': 'host/docker0',
        'frame.packet_flags_direction': '',
        'frame.len': '98',
      });
    }
  });

  test('sees one packet for each journey when asked to', async () => {
    const path = await file('journeys', await readIncident('nat'), 'pcapng', { packets: 'journey' });
    expect(packetsOf(path).map((packet) => packet['frame.comment'])).toEqual(
      [1, 2, 3, 4, 5, 6].flatMap((id) => [
        `request of exchange ${id}, replied, 5 hops, journey delivered`,
        `reply of exchange ${id}, replied, 5 hops, journey delivered`,
      ]),
    );
  });

  test('sees what the display filter lets through, and a tunnel for what it is', async () => {
    const path = await file('one', await readIncident('vxlan'), 'pcapng', { displayFilter: 'icmp.seq == 2' });
    expect(new Set(packetsOf(path).map((packet) => packet['icmp.seq']))).toEqual(new Set(['2']));
    expect(packetsOf(path, 'vxlan.vni').length).toBe(4);
  });

  test('shows hostile names as text', async () => {
    const path = await file('hostile', await hostileIncident(), 'pcapng');
    const names = packetsOf(path).map((packet) => packet['frame.interface_name'] ?? '');
    expect(names[0]).toContain('<script>');
    expect(names.join('')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

describeWith('capinfos')('capinfos', () => {
  test('knows every interface, in ns, and finds the packets in order', async () => {
    const text = run('capinfos', '-M', await file('info', await readIncident('nat'), 'pcapng'));
    expect(text).toMatch(/Strict time order:\s+True/);
    expect(text).toMatch(/Number of interfaces in file: 5/);
    expect(text.match(/Time resolution = 0x09/g)).toHaveLength(5);
    expect(text).toContain('Name = web/eth0');
    expect(text).toMatch(/Description = bridge, 172\.17\.0\.1\/16, .*namespace \d+, ifindex 2/);
    expect(text).toContain('Capture oper-sys');
  });
});

describeWith('tcpdump')('tcpdump', () => {
  test.each(['localhost', 'vxlan', 'drop-no-route', 'flood'])('reads %s to its end', async (name) => {
    const path = await file(name, await readIncident(name), 'pcapng');
    const lines = run('tcpdump', '-nr', path)
      .split('\n')
      .filter((line) => /^\d\d:/.test(line));
    const text = run('capinfos', '-Mcr', path);
    expect(lines).toHaveLength(Number(/Number of packets:\s+(\d+)/.exec(text)?.[1]));
    expect(lines.every((line) => / IP6? .*(ICMP6?[, ]|VXLAN)/.test(line))).toBe(true);
  });
});

describeWith('dot')('dot', () => {
  test('draws every namespace and interface', async () => {
    const svg = run('dot', '-Tsvg', await file('map', await readIncident('nat'), 'dot'));
    for (const name of ['host', 'web', 'db', 'outside', 'docker0 (bridge)', '172.17.0.2/16'])
      expect(svg).toContain(`>${name}<`);
    expect(svg.match(/<g id="edge/g)).toHaveLength(5);
  });

  test('draws hostile names as text', async () => {
    const svg = run('dot', '-Tsvg', await file('hostile', await hostileIncident(), 'dot'));
    expect(svg).not.toContain('<script');
    expect(svg).toContain('&lt;script&gt;');
    expect(svg.match(/<g id="clust/g)).toHaveLength(4);
  });
});
