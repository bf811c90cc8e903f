// Which packets the kernel programs let through, and where they find the headers: real packets, and crafted ones for
// what no tool sends. Witnesses: the bytes that were sent, and tcpdump.
import { join } from 'node:path';
import type { Lab } from '@hopscope/lab';
import { parsePacket } from '@hopscope/model';
import { FLAG, type Hop, STAGE } from '@hopscope/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CANARY,
  canaries,
  ethernet,
  fragment6,
  type Ipv6Options,
  icmp4,
  icmp6,
  ipv4,
  ipv6,
  options6,
  routing6,
  tcp,
  u16,
  udp,
} from './support/frames.ts';
import { IP, type KernelLab, MAC, startKernelLab } from './support/kernel-lab.ts';
import * as tools from './support/kernel-tools.ts';
import {
  BRIDGED_PATH,
  expectHeadersOf,
  hopsOf,
  isFree,
  isWayIn,
  kindOf,
  onWire,
  ROUTED_PATH,
} from './support/kernel-tools.ts';
import { describeUnless, whyNoPrograms, whyNotRoot } from './support/privilege.ts';
import { type Recording, startRecorder } from './support/recorder.ts';
import { pingIn, runIn } from './support/run.ts';
import { startSniffer } from './support/sniff.ts';

const OFFLOAD = join(import.meta.dirname, 'support/offload.py');
const TUN = join(import.meta.dirname, 'support/tun.py');

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const ARP = 0x0806;
const VLAN = 0x8100;
const QINQ = 0x88a8;

const ROUTED = { src: MAC.l0, dst: MAC.r0 };
const BRIDGED = { src: MAC.leftS0, dst: MAC.rightS0 };
const plain4 = { src: IP.left, dst: IP.right };
const plain6 = { src: IP.left6, dst: IP.right6 };
/** As ping(8) takes a payload pattern. */
const PATTERN = CANARY.toString('hex');

describeUnless(whyNotRoot(), whyNoPrograms())('the kernel filter', () => {
  let kernel: KernelLab;
  let lab: Lab;

  beforeAll(async () => {
    kernel = await startKernelLab();
    lab = kernel.lab;
    // Neighbours are known before anything is recorded.
    await pingIn(lab, 'left', '-c', '1', IP.right);
    await pingIn(lab, 'left', '-c', '1', IP.right6);
    await pingIn(lab, 'left', '-c', '1', IP.rightS0);
    await pingIn(lab, 'left', '-c', '1', IP.rightS06);
  });
  afterAll(() => lab?.stop());

  const record = (send: () => Promise<unknown>, options = {}, until = tools.settled) =>
    tools.record(kernel, send, options, until);
  const recordUntilMarker = (send: () => Promise<unknown>) => tools.recordUntilMarker(kernel, send);
  const inject = (ifname: string, ...frames: Buffer[]) => tools.inject(kernel, ifname, ...frames);
  const at = (hops: readonly Hop[], namespace: string, ifname: string) => tools.at(kernel, hops, namespace, ifname);
  const expectPath = (hops: readonly Hop[], path: tools.Path) => tools.expectPath(kernel, hops, path);

  describe('against crafted frames', () => {
    test.each([
      ['an IPv4 request', Buffer.alloc(0)],
      ['IPv4 options of 4 bytes', Buffer.from([1, 1, 1, 0])],
      ['IPv4 options of 40 bytes', Buffer.alloc(40, 1)],
    ])('finds the headers behind %s', async (_what, options) => {
      const bytes = ethernet(ROUTED, IPV4, ipv4({ ...plain4, options }, icmp4({ seq: 77 })));
      const l4 = 34 + options.length;
      const { hops } = await record(() => inject('l0', bytes));
      const request = hopsOf(hops, { bytes, l3: 14, l4, end: l4 + 8 });
      expectHeadersOf(request, { bytes, l3: 14, l4, end: l4 + 8 });
      expectPath(request, ROUTED_PATH);
      // The far host took it for a request: there is a reply, with the same headers, and nothing else.
      const rest = hops.filter((hop) => !request.includes(hop));
      expect(rest.map(kindOf)).toEqual(rest.map(() => 'reply'));
      expect(new Set(hops.map(({ packet }) => packet)).size).toBe(2);
    });

    const chains: readonly (readonly [string, Ipv6Options['extensions']])[] = [
      ['no extension header', []],
      ['hop-by-hop options', [options6(0)]],
      ['destination options', [options6(60)]],
      ['a routing header', [routing6()]],
      ['hop-by-hop, routing, destination options', [options6(0), routing6(), options6(60, 2)]],
      ['a fragment header on a whole packet', [fragment6(0xabcdef, 0, false)]],
      ['eight extension headers', [options6(0), ...new Array(7).fill(options6(60))]],
      ['more headers than a record holds', [options6(60, 12)]],
    ];
    test.each(chains)('finds ICMPv6 behind %s', async (_what, extensions = []) => {
      const bytes = ethernet(ROUTED, IPV6, ipv6({ ...plain6, extensions }, icmp6(plain6, { seq: 78 })));
      const l4 = 54 + extensions.reduce((sum, { rest }) => sum + 1 + rest.length, 0);
      const crafted = { bytes, l3: 14, l4, end: l4 + 8 };
      const { hops } = await record(() => inject('l0', bytes));
      const request = hopsOf(hops, crafted);
      expectHeadersOf(request, crafted);
      expectPath(request, ROUTED_PATH);
      expect(hops.filter((hop) => !request.includes(hop)).map(kindOf)).toContain('reply');
    });

    test('tells the first fragment from the later ones', async () => {
      const icmp = icmp4({ seq: 79, payload: canaries(100) });
      const first = ethernet(ROUTED, IPV4, ipv4({ ...plain4, id: 0x7001, more: true }, icmp.subarray(0, 48)));
      const later = ethernet(ROUTED, IPV4, ipv4({ ...plain4, id: 0x7001, offset: 48 }, icmp.subarray(48)));
      const { hops } = await record(() => inject('l0', first, later));
      const [head, tail] = [
        { bytes: first, l3: 14, l4: 34, end: 42 },
        { bytes: later, l3: 14, l4: null, end: 34 },
      ];
      // Joined in the far host, they are answered.
      expect(hops.map(kindOf)).toContain('reply');
      const requests = hops.filter((hop) => kindOf(hop) !== 'reply' && hop.ifname !== '');
      const byHead = requests.filter((hop) => hop.l4Offset !== null);
      expectPath(byHead, ROUTED_PATH);
      expectHeadersOf(
        byHead.filter((hop) => !isFree(hop)),
        head,
      );
      const byTail = requests.filter((hop) => hop.l4Offset === null);
      expectPath(byTail, ROUTED_PATH);
      expectHeadersOf(byTail, tail);
      expect(new Set(byTail.map(kindOf))).toEqual(new Set(['fragment']));
    });

    test('tells IPv6 fragments', async () => {
      const icmp = icmp6(plain6, { seq: 80, payload: canaries(100) });
      const part = (offset: number, more: boolean, payload: Buffer) =>
        ethernet(ROUTED, IPV6, ipv6({ ...plain6, extensions: [fragment6(0x7002, offset, more)] }, payload));
      const first = part(0, true, icmp.subarray(0, 48));
      const later = part(48, false, icmp.subarray(48));
      const { hops } = await record(() => inject('l0', first, later));
      expect(hops.map(kindOf)).toContain('reply');
      const wired = hops.filter((hop) => !isFree(hop) && kindOf(hop) !== 'reply');
      const byHead = wired.filter((hop) => hop.l4Offset !== null);
      expectPath(byHead, ROUTED_PATH);
      expectHeadersOf(byHead, { bytes: first, l3: 14, l4: 62, end: 70 });
      const byTail = wired.filter((hop) => hop.l4Offset === null);
      expectPath(byTail, ROUTED_PATH);
      expectHeadersOf(byTail, { bytes: later, l3: 14, l4: null, end: 62 });
    });

    test.each([
      ['802.1Q', [[VLAN, 0x2005]]],
      ['802.1Q with a tag that looks like an IP header', [[VLAN, 0x4506]]],
      [
        'QinQ',
        [
          [QINQ, 5],
          [VLAN, 6],
        ],
      ],
      [
        'QinQ with equal types',
        [
          [VLAN, 5],
          [VLAN, 0x6006],
        ],
      ],
    ] as const)('sees through %s, in the bytes and beside them', async (_what, tags) => {
      for (const [type, packet] of [
        [IPV4, ipv4({ src: IP.leftS0, dst: IP.rightS0 }, icmp4({ seq: 81 }))],
        [IPV6, ipv6({ src: IP.leftS06, dst: IP.rightS06 }, icmp6({ src: IP.leftS06, dst: IP.rightS06 }, { seq: 81 }))],
      ] as const) {
        const bytes = ethernet({ ...BRIDGED, tags }, type, packet);
        const l3 = 14 + 4 * tags.length;
        const end = l3 + (type === IPV4 ? 28 : 48);
        const { hops } = await record(() => inject('s0', bytes));
        expectPath(hops, BRIDGED_PATH);
        expect(new Set(hops.map(({ packet: id }) => id)).size).toBe(1);
        for (const hop of hops) {
          expect(Buffer.from(hop.headers.subarray(hop.l3Offset))).toEqual(bytes.subarray(l3, end));
          expect(kindOf(hop)).toBe('request');
          // The receiving kernel takes the outer tag out of the bytes; the bridge passes it on beside them.
          if (['s0', 'p0'].includes(hop.ifname) && !isFree(hop) && !at([hop], 'right', 's0').length) {
            expect(Buffer.from(hop.headers)).toEqual(bytes.subarray(0, end));
            expect(hop.vlan).toBe(null);
          } else if (!isFree(hop)) {
            expect(hop.vlan).toEqual({ protocol: tags[0][0], tci: tags[0][1] });
            expect(hop.l3Offset).toBe(l3 - 4);
          }
          if (!isFree(hop)) expect(parsePacket(hop)?.vlans).toEqual(tags.map(([, tci]) => tci & 0xfff));
        }
      }
    });

    test.each([
      ['unreachable', 3, 4],
      ['source quench', 4, 4],
      ['redirect', 5, 4],
      ['time exceeded', 11, 4],
      ['parameter problem', 12, 4],
      ['unreachable', 1, 6],
      ['packet too big', 2, 6],
      ['time exceeded', 3, 6],
      ['parameter problem', 4, 6],
    ] as const)('passes "%s" (%i of IPv%i) when it quotes an echo, and only then', async (_what, type, family) => {
      const inner = { src: IP.right, dst: IP.nowhere };
      const inner6 = { src: IP.right6, dst: '2001:db8::7' };
      const quoting = (quoted: Buffer) =>
        family === 4
          ? ethernet(ROUTED, IPV4, ipv4(plain4, icmp4({ type, id: 0, seq: 0, payload: quoted })))
          : ethernet(ROUTED, IPV6, ipv6(plain6, icmp6(plain6, { type, id: 0, seq: 0, payload: quoted })));
      const header = family === 4 ? 20 : 40;
      const echo = family === 4 ? icmp4({ seq: 90 }) : icmp6(inner6, { seq: 90 });
      const quote = (payload: Buffer, more: { protocol?: number; offset?: number; options?: Buffer } = {}) =>
        family === 4 ? ipv4({ ...inner, ...more }, payload) : ipv6({ ...inner6, ...more }, payload);
      const good = quoting(quote(echo));
      const end = 14 + 2 * header + 16;
      const { hops } = await recordUntilMarker(async () => {
        await inject('l0', good);
        await inject(
          'l0',
          quoting(quote(udp(), { protocol: 17 })),
          quoting(quote(tcp(), { protocol: 6 })),
          quoting(quote(icmp4({ type: 13 }))), // neither an echo of IPv4 nor of IPv6
          quoting(quote(echo.subarray(0, 7))), // cut before the sequence number's end
          quoting(quote(echo).subarray(0, header - 1)),
          quoting(Buffer.alloc(0)),
          quoting(canaries(64)),
          family === 4
            ? quoting(quote(echo, { offset: 8 }))
            : quoting(ipv6({ ...inner6, extensions: [fragment6(1, 8, false)] }, echo)),
        );
      });
      const errors = hopsOf(hops, { bytes: good, l3: 14, l4: 14 + header, end });
      expectHeadersOf(errors, { bytes: good, l3: 14, l4: 14 + header, end });
      expect(parsePacket(errors[0] as Hop)).toMatchObject({
        kind: 'error',
        icmp: { type },
        quoted: { icmp: { seq: 90 } },
      });
      expect(new Set(hops.map(({ packet }) => packet)).size).toBe(1);
    });

    test('an error that quotes more than a record holds is cut', async () => {
      const inner = { src: IP.right6, dst: '2001:db8::7', extensions: [options6(60, 8)] };
      const quoted = ipv6(inner, icmp6(inner));
      const bytes = ethernet(ROUTED, IPV6, ipv6(plain6, icmp6(plain6, { type: 3, id: 0, seq: 0, payload: quoted })));
      const { hops } = await record(() => inject('l0', bytes));
      const crafted = { bytes, l3: 14, l4: 54, end: 62 + 40 + 64 + 8 };
      expectHeadersOf(hops, crafted);
      expectPath(hops, ROUTED_PATH);
    });

    test('lets nothing else through, not even to count it', async () => {
      const noise: Buffer[] = [
        ethernet(ROUTED, IPV4, ipv4({ ...plain4, protocol: 17 }, udp())),
        ethernet(ROUTED, IPV4, ipv4({ ...plain4, protocol: 6 }, tcp())),
        ethernet(ROUTED, IPV4, ipv4({ ...plain4, protocol: 17, offset: 64 }, canaries(64))),
        ethernet(ROUTED, IPV6, ipv6({ ...plain6, protocol: 17 }, udp())),
        ethernet(ROUTED, IPV6, ipv6({ ...plain6, protocol: 6, extensions: [options6(0)] }, tcp())),
        ethernet(ROUTED, ARP, Buffer.concat([u16(1), u16(IPV4), Buffer.from([6, 4]), u16(1), canaries(20)])),
        ethernet({ ...ROUTED, tags: [[VLAN, 7]] }, ARP, canaries(40)),
        ethernet(ROUTED, 0x88cc, canaries(40)),
        // Of ICMP: a timestamp request, an address mask request, a router solicitation, a neighbour solicitation, a listener report.
        ...[13, 17, 10].map((type) => ethernet(ROUTED, IPV4, ipv4(plain4, icmp4({ type })))),
        ...[133, 135, 143, 127, 130].map((type) => ethernet(ROUTED, IPV6, ipv6(plain6, icmp6(plain6, { type })))),
        // An echo of the other family's numbers.
        ethernet(ROUTED, IPV6, ipv6(plain6, icmp6(plain6, { type: 8 }))),
        ethernet(ROUTED, IPV4, ipv4(plain4, icmp4({ type: 128 }))),
      ];
      const rounds = Array.from({ length: 300 }, () => noise).flat();
      const { hops } = await recordUntilMarker(async () => {
        await inject('l0', ...rounds);
        // A closed UDP port and a dead end for UDP: the kernel's own errors quote UDP.
        const deadEnd = ipv4({ src: IP.left, dst: IP.right, protocol: 17, ttl: 1 }, udp());
        await inject(
          'l0',
          ethernet(ROUTED, IPV4, deadEnd),
          ethernet(ROUTED, IPV6, ipv6({ ...plain6, protocol: 17, hopLimit: 1 }, udp())),
        );
      });
      expect(hops).toEqual([]);
    });

    test('is not misled by malformed packets', async () => {
      const whole = ipv4(plain4, icmp4({ payload: canaries(64) }));
      const wrong = (change: (bytes: Buffer) => void) => {
        const bytes = Buffer.from(whole);
        change(bytes);
        return ethernet(ROUTED, IPV4, bytes);
      };
      const six = ipv6({ ...plain6, extensions: [options6(0)] }, icmp6(plain6, { payload: canaries(64) }));
      const frames = [
        ...[0x40, 0x41, 0x44, 0x05, 0x65, 0xf5].map((first) => wrong((bytes) => bytes.writeUInt8(first, 0))),
        ...[1, 12, 19, 20, 24, 27].map((length) => ethernet(ROUTED, IPV4, whole.subarray(0, length))),
        ethernet(ROUTED, IPV4, ipv4({ ...plain4, options: Buffer.alloc(40, 1) }, Buffer.alloc(0))),
        ethernet(ROUTED, IPV6, whole),
        ethernet(ROUTED, IPV4, six),
        ...[1, 39, 40, 44, 48, 52, 55].map((length) => ethernet(ROUTED, IPV6, six.subarray(0, length))),
        // An extension header that claims 2 KiB.
        ethernet(ROUTED, IPV6, Buffer.concat([six.subarray(0, 41), Buffer.from([255]), six.subarray(42)])),
        ethernet({ ...ROUTED, tags: [[VLAN, 1]] }, 0, Buffer.alloc(0)),
      ];
      const { hops } = await recordUntilMarker(() => inject('l0', ...frames));
      expect(hops).toEqual([]);
    });
  });

  describe('against ping and the kernel’s own answers', () => {
    test.each([
      ['plain IPv4', ['-c', '2', IP.right]],
      ['plain IPv6', ['-c', '2', IP.right6]],
      ['record route', ['-c', '1', '-R', IP.right]],
      ['timestamps', ['-c', '1', '-T', 'tsonly', IP.right]],
      ['IPv4 fragments', ['-c', '1', '-s', '3000', IP.right]],
      ['IPv6 fragments', ['-c', '1', '-s', '3000', IP.right6]],
    ])('agrees with tcpdump about %s', async (_what, argv) => {
      const echoes =
        'icmp[icmptype] == icmp-echo or icmp[icmptype] == icmp-echoreply or (ip proto 1 and ip[6:2] & 0x1fff != 0)' +
        ' or (ip6[6] == 58 and (ip6[40] == 128 or ip6[40] == 129)) or ip6[6] == 44';
      const places = [
        ['left', 'l0'],
        ['router', 'r1'],
        ['right', 'e0'],
      ] as const;
      const sniffers = await Promise.all(
        places.map(([namespace, ifname]) => startSniffer(lab, namespace, ifname, echoes)),
      );
      const { hops } = await record(() => pingIn(lab, 'left', '-p', PATTERN, ...argv));
      for (const [i, [namespace, ifname]] of places.entries()) {
        const frames = (await sniffers[i]?.stop()) ?? [];
        const wired = onWire(at(hops, namespace, ifname));
        expect(frames.length).toBeGreaterThan(0);
        const cut = frames.map((frame, nth) => frame.subarray(0, wired[nth]?.headers.length).toString('hex'));
        expect(wired.map(({ headers }) => Buffer.from(headers).toString('hex')).sort()).toEqual(cut.sort());
      }
      for (const hop of hops) {
        const packet = parsePacket(hop);
        expect(packet).not.toBe(null);
        if (packet?.kind !== 'fragment') expect(hop.headers.length).toBe((hop.l4Offset ?? 0) + 8);
      }
    });

    test('sees a request whose payload lies in pages of its own', async () => {
      const { hops } = await record(() => pingIn(lab, 'left', '-c', '1', '-s', '60000', '-p', PATTERN, '127.0.0.1'));
      for (const kind of ['request', 'reply']) {
        const crossed = hops.filter((hop) => !isFree(hop) && kindOf(hop) === kind);
        expect(
          crossed.map(({ stage }) => stage),
          kind,
        ).toEqual([STAGE.net_dev_queue, STAGE.net_dev_start_xmit, STAGE.netif_rx, STAGE.netif_receive_skb]);
        for (const { l3Offset, l4Offset, headers } of crossed)
          expect([l3Offset, l4Offset, headers.length]).toEqual([14, 34, 42]);
      }
      const { hops: hops6 } = await record(() => pingIn(lab, 'left', '-c', '1', '-s', '60000', '-p', PATTERN, '::1'));
      expect(hops6.filter((hop) => !isFree(hop)).map(kindOf)).toEqual([
        ...new Array(4).fill('request'),
        ...new Array(4).fill('reply'),
      ]);
    });

    test.each([
      ['time exceeded', 4, ['-t', '1', IP.right], { type: 11, code: 0 }],
      ['unreachable', 4, ['-I', IP.leftToo, IP.nowhere], { type: 3, code: 0 }],
      ['time exceeded', 6, ['-t', '1', IP.right6], { type: 3, code: 0 }],
      ['unreachable', 6, ['2001:db8::7'], { type: 1, code: 0 }],
    ] as const)('sees the router’s "%s" of IPv%i', async (_what, family, argv, expected) => {
      const { hops } = await record(() =>
        runIn(lab, 'left', ['ping', '-n', '-q', '-c', '1', '-W', '1', '-p', PATTERN, ...argv]),
      );
      const errors = hops.filter((hop) => kindOf(hop) === 'error');
      expect(errors.length).toBeGreaterThanOrEqual(4);
      for (const hop of errors) {
        const packet = parsePacket(hop);
        expect(packet?.icmp).toMatchObject(expected);
        expect(packet?.quoted?.icmp).toMatchObject({ seq: 1 });
        expect(hop.headers.length - hop.l3Offset).toBe(family === 4 ? 20 + 8 + 20 + 8 : 40 + 8 + 40 + 8);
      }
    });

    test('sees IPv6’s packet too big', async () => {
      await runIn(lab, 'router', ['ip', 'link', 'set', 'r1', 'mtu', '1280']);
      try {
        const { hops } = await record(() =>
          runIn(lab, 'left', [
            'ping',
            '-n',
            '-q',
            '-c',
            '1',
            '-W',
            '1',
            '-s',
            '1400',
            '-M',
            'do',
            '-p',
            PATTERN,
            IP.right6,
          ]),
        );
        const [error] = hops.filter((hop) => kindOf(hop) === 'error');
        expect(error && parsePacket(error)).toMatchObject({
          icmp: { type: 2 },
          quoted: { icmp: { type: 128, seq: 1 } },
        });
      } finally {
        await runIn(lab, 'router', ['ip', 'link', 'set', 'r1', 'mtu', '1500']);
      }
    });

    test('sees what comes in by NAPI, as from a network card', async () => {
      const offload = async (namespace: string, ...argv: string[]) => {
        const { status, text } = await runIn(lab, namespace, ['python3', OFFLOAD, ...argv]);
        if (status !== 0) throw new Error(text);
      };
      await offload('router', 'r0', 'gro', 'on');
      await offload('left', 'l0', 'tso', 'off');
      try {
        const tagged = ethernet({ ...ROUTED, tags: [[VLAN, 7]] }, IPV4, ipv4(plain4, icmp4()));
        for (const send of [
          () => pingIn(lab, 'left', '-c', '1', '-p', PATTERN, IP.right),
          () => pingIn(lab, 'left', '-c', '1', '-p', PATTERN, IP.right6),
          () => inject('l0', tagged),
        ]) {
          const { hops } = await record(send);
          const request = hops.filter((hop) => kindOf(hop) === 'request');
          expectPath(
            request.filter((hop) => hop.ifname === 'r0'),
            [
              ['router', 'r0', 'napi_gro_receive_entry'],
              ['router', 'r0', 'netif_receive_skb'],
            ],
          );
          expect(new Set(request.map(({ packet }) => packet)).size).toBe(1);
          const [sent, ...rest] = request.filter((hop) => !isFree(hop) && ['l0', 'r0'].includes(hop.ifname));
          for (const hop of rest) expect(Buffer.from(hop.headers)).toEqual(Buffer.from(sent?.headers ?? []));
        }
      } finally {
        await offload('router', 'r0', 'gro', 'off');
        await offload('left', 'l0', 'tso', 'on');
      }
    });

    test('sees a device without a link layer', async () => {
      const tun = lab.run('left', ['python3', TUN, 'tun0', '10.77.0.1/24'], { stdio: ['ignore', 'pipe', 'inherit'] });
      try {
        await new Promise((resolve) => tun.stdout?.once('data', resolve));
        const { hops } = await record(() => pingIn(lab, 'left', '-c', '2', '-p', PATTERN, '10.77.0.2'));
        const crossed = at(hops, 'left', 'tun0').filter((hop) => !isFree(hop));
        expect(new Set(crossed.map(({ linkType }) => linkType))).toEqual(new Set([0xfffe]));
        expect(crossed.filter(({ stage }) => stage === STAGE.net_dev_queue).map(kindOf)).toEqual([
          'request',
          'request',
        ]);
        expect(crossed.filter(({ stage }) => stage === STAGE.netif_receive_skb).map(kindOf)).toEqual([
          'reply',
          'reply',
        ]);
        for (const { l3Offset, l4Offset, headers } of crossed)
          expect([l3Offset, l4Offset, headers.length]).toEqual([0, 20, 28]);
      } finally {
        tun.kill('SIGKILL');
      }
    });
  });

  describe('by namespace and device', () => {
    const twoPings = async () => {
      await pingIn(lab, 'left', '-c', '1', IP.right);
      await pingIn(lab, 'left', '-c', '1', IP.rightS0);
    };

    test('passes only what the wanted namespace sees', async () => {
      const inum = kernel.inumOf('router');
      const { hops, devices } = await record(twoPings, { netns: [inum] }, (each) => each.length >= 8);
      expectPath(
        hops.filter((hop) => kindOf(hop) === 'request'),
        ROUTED_PATH.filter(([namespace]) => namespace === 'router'),
      );
      expect(new Set(hops.map(({ netnsInum }) => netnsInum))).toEqual(new Set([inum]));
      expect(new Set(devices.map(({ netnsInum }) => netnsInum))).toEqual(new Set([inum]));
    });

    test('passes only what the wanted device sees, and the end of its packets', async () => {
      const { hops } = await record(twoPings, { ifname: 'l0' }, (each) => each.some(({ ifname }) => ifname === ''));
      expect(new Set(hops.map(({ ifname }) => ifname))).toEqual(new Set(['l0', '']));
      const crossed = hops.filter(({ ifname }) => ifname === 'l0').map(({ packet }) => packet);
      expect(new Set(crossed).size).toBe(2);
      for (const { packet } of hops) expect(crossed).toContain(packet);
    });

    test('passes only that device in that namespace', async () => {
      const inum = kernel.inumOf('right');
      const { hops } = await record(twoPings, { netns: [inum], ifname: 's0' }, (each) => each.some(isFree));
      expect(new Set(hops.map(({ ifname, netnsInum }) => `${netnsInum} ${ifname}`))).toEqual(new Set([`${inum} s0`]));
    });
  });

  test('both ways of attaching give the same records', async () => {
    const other = startRecorder({ netns: kernel.netns, attach: 'raw_tp' });
    const one = await record(
      async () => {
        await pingIn(lab, 'left', '-c', '3', '-i', '0.01', '-s', '3000', IP.right);
        await pingIn(lab, 'left', '-c', '3', '-i', '0.01', '-s', '3000', IP.rightS06);
        await runIn(lab, 'left', ['ping', '-n', '-q', '-c', '1', '-W', '1', '-t', '1', IP.right]);
        await inject(
          's0',
          ethernet({ ...BRIDGED, tags: [[VLAN, 9]] }, IPV4, ipv4({ src: IP.leftS0, dst: IP.rightS0 }, icmp4())),
        );
      },
      { attach: 'tp_btf' },
    );
    const two = other.stop();
    const facts = ({ hops, locations }: Recording) => {
      const packets = new Map<number, number>();
      const skbs = new Map<number, number>();
      const number = (map: Map<number, number>, id: number) => {
        if (!map.has(id)) map.set(id, map.size);
        return map.get(id);
      };
      return hops.map(({ t, packet, skb, location, index, headers, ...rest }) => ({
        ...rest,
        packet: number(packets, packet),
        skb: number(skbs, skb),
        location: locations[location],
        headers: Buffer.from(headers).toString('hex'),
      }));
    };
    expect(facts(two)).toEqual(facts(one));
    expect(one.hops.length).toBeGreaterThan(100);
  });

  test('says where a packet was made', async () => {
    const { hops } = await record(() => pingIn(lab, 'left', '-c', '1', IP.right));
    const made = hops.filter(({ flags }) => (flags & FLAG.FROM_HERE) !== 0);
    const crossed = hops.filter((hop) => !isFree(hop));
    const bornHere = crossed.filter(
      (hop) =>
        (kindOf(hop) === 'request' && hop.netnsInum === kernel.inumOf('left')) ||
        (kindOf(hop) === 'reply' && hop.netnsInum === kernel.inumOf('right')),
    );
    expect(made.filter((hop) => !isFree(hop))).toEqual(bornHere.filter((hop) => !isWayIn(hop)));
  });
});
