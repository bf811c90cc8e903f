import { createAssembler } from '@hopscope/model';
import picocolors from 'picocolors';
import { describe, expect, test } from 'vitest';
import { type HopSpec, makeHop } from '../../../../packages/model/src/test-hops.ts';
import { viewHop } from './hop-view.ts';
import { createJsonWriter } from './json.ts';
import { createLineWriter } from './line.ts';
import { createSurroundings } from './surroundings.ts';

const lines = createLineWriter(picocolors.createColors(false));
const coloured = createLineWriter(picocolors.createColors(true));
const json = createJsonWriter({
  epochNs: 1_700_000_000_000_000_000n,
  surroundings: { ...createSurroundings(), netnsName: (netns) => (netns === null ? '' : 'we\u009bb') },
});

const request = { src: '172.17.0.1', dst: '172.17.0.2', type: 8, id: 17146, seq: 1 };

function hopAndView(spec: HopSpec) {
  const hop = makeHop(spec);
  const view = viewHop(hop, undefined);
  if (view === null) throw new Error('it does not parse');
  return { hop, view };
}

function lineOf(spec: HopSpec): string {
  const { hop, view } = hopAndView(spec);
  return lines.hop(hop, view);
}

describe('a line', () => {
  test("is the seed's", () => {
    expect(lineOf({ netns: 4026531957, ifname: 'docker0', frame: request })).toBe(
      '[  4026531957]          docker0 request #17146.001 172.17.0.1 -> 172.17.0.2',
    );
    expect(
      lineOf({
        netns: 4026532258,
        ifname: 'eth0',
        frame: { ...request, src: '172.17.0.2', dst: '172.17.0.1', type: 0, seq: 1234 },
      }),
    ).toBe('[  4026532258]             eth0   reply #17146.1234 172.17.0.2 -> 172.17.0.1');
  });

  test('for IPv6, and for a name of 15 bytes', () => {
    expect(
      lineOf({
        netns: 1,
        ifname: 'br-0123456789ab',
        frame: { src: 'fd00::1', dst: 'fd00::2', type: 128, id: 1, seq: 2 },
      }),
    ).toBe('[           1]  br-0123456789ab request #1.002 fd00::1 -> fd00::2');
  });

  test('for an error: the echo that it quotes', () => {
    const frame = { src: '192.0.2.1', dst: '172.17.0.1', type: 3, code: 1, quoted: request };
    expect(lineOf({ netns: 1, ifname: 'eth0', frame })).toBe(
      '[           1]             eth0   error #17146.001 192.0.2.1 -> 172.17.0.1',
    );
  });

  test('for UDP and TCP: ports, and flags as tcpdump writes them', () => {
    const ends = { src: '172.17.0.1', dst: '172.17.0.2' };
    expect(lineOf({ netns: 1, ifname: 'eth0', frame: { ...ends, ports: [40000, 53] } })).toBe(
      '[           1]             eth0     udp 172.17.0.1:40000 -> 172.17.0.2:53',
    );
    const tcp = (flags: number) =>
      lineOf({ netns: 1, ifname: 'eth0', frame: { ...ends, ports: [40000, 80], tcp: { seq: 1, flags } } });
    expect(tcp(0x02)).toBe('[           1]             eth0     tcp 172.17.0.1:40000 -> 172.17.0.2:80 [S]');
    expect([0x12, 0x10, 0x18, 0x11, 0x14, 0].map((flags) => tcp(flags).split(' ').at(-1))).toEqual([
      ...['[S.]', '[.]', '[P.]', '[F.]', '[R.]', '[none]'],
    ]);
    const v6 = { src: 'fd00::1', dst: 'fd00::2', ports: [40000, 53] as const };
    expect(lineOf({ netns: 1, ifname: 'eth0', frame: v6 })).toMatch(/ udp \[fd00::1\]:40000 -> \[fd00::2\]:53$/);
    const error = {
      src: '192.0.2.1',
      dst: '172.17.0.1',
      type: 3,
      code: 3,
      quoted: { ...ends, ports: [40000, 53] as const },
    };
    expect(lineOf({ netns: 1, ifname: 'eth0', frame: error })).toMatch(
      / error 192\.0\.2\.1 -> 172\.17\.0\.1 port unreachable, about udp 172\.17\.0\.1:40000 -> 172\.17\.0\.2:53$/,
    );
  });

  test('for a packet on no device', () => {
    expect(lineOf({ netns: 0, frame: request })).toBe(
      '[           -]                - request #17146.001 172.17.0.1 -> 172.17.0.2',
    );
  });

  test('for a later fragment: what is known of the first', () => {
    const first = makeHop({
      packet: 1,
      t: 1,
      frame: { ...request, ipId: 9, fragment: { offsetBytes: 0, more: true } },
    });
    const later = makeHop({
      packet: 2,
      t: 2,
      frame: { ...request, ipId: 9, fragment: { offsetBytes: 1480, more: false } },
    });
    const assembler = createAssembler({ dropReasons: {} });
    assembler.add(first);
    const id = assembler.add(later);
    expect(viewHop(later, undefined)).toMatchObject({ kind: null, echo: null, label: '#9.---' });
    if (id !== null)
      expect(viewHop(later, assembler.exchange(id))).toMatchObject({ kind: 'request', echo: { id: 17146, seq: 1 } });
  });

  test('with a stage and its time; with a drop', () => {
    const { hop, view } = hopAndView({ netns: 1, ifname: 'eth0', stage: 'netif_receive_skb', frame: request });
    const base = '[           1]             eth0 request #17146.001 172.17.0.1 -> 172.17.0.2';
    expect(lines.stage(hop, view, 12_345)).toBe(`${base}                +12.345 µs  netif_receive_skb`);
    expect(lines.stage(hop, view, null)).toBe(`${base}                      ? µs  netif_receive_skb`);
    const drop = {
      t: hop.t,
      reason: 'NETFILTER_DROP',
      location: 'nf_hook_slow+0x9c',
      device: hop.device,
      netns: hop.netns,
      ifname: 'eth0',
      hop,
      packet: view.packet,
      routes: [],
      icmpSent: [],
    };
    expect(lines.drop(drop, view, '')).toBe(`${base}           dropped: NETFILTER_DROP at nf_hook_slow+0x9c`);
    expect(lines.drop({ ...drop, location: '' }, view, 'A rule.')).toMatch(/dropped: NETFILTER_DROP\n {16}A rule\.$/);
  });

  test('colours change nothing but the colour', () => {
    const { hop, view } = hopAndView({ netns: 1, ifname: 'eth0', frame: request });
    const escapes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
    expect(coloured.hop(hop, view)).not.toBe(lines.hop(hop, view));
    expect(coloured.hop(hop, view).replace(escapes, '')).toBe(lines.hop(hop, view));
  });
});

test('JSON keeps every name as it is, and none can write to a terminal', () => {
  const { hop, view } = hopAndView({ netns: 5, ifname: '\u001b[2J\u202e\u{e0041}', t: 42, frame: request });
  const text = json.hop(hop, view, { reason: 'X', location: '' });
  expect(text).toMatch(/^[\x20-\x7e]+$/);
  expect(JSON.parse(text)).toMatchObject({
    schema: 1,
    t: '1700000000000000042',
    netnsName: 'we\u009bb',
    ifname: '\u001b[2J\u202e\u{e0041}',
    drop: { reason: 'X', location: '' },
  });
});
