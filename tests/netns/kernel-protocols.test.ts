// UDP and TCP through the kernel filter, alone and by port, with the errors that quote them. And whatever is inside of tunnels.
import type { CaptureOptions } from '@hopscope/native';
import { type Hop, STAGE } from '@hopscope/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  canaries,
  ethernet,
  fragment6,
  icmp4,
  icmp6,
  ipv4,
  ipv6,
  options6,
  TUNNEL,
  tcp,
  udp,
} from './support/frames.ts';
import { IP, type KernelLab, MAC, startKernelLab } from './support/kernel-lab.ts';
import {
  type Crafted,
  expectHeadersOf,
  expectPath,
  hopsOf,
  inject,
  isFree,
  ROUTED_PATH,
  recordUntilMarker,
} from './support/kernel-tools.ts';
import { describeUnless, whyNoPrograms, whyNotRoot } from './support/privilege.ts';
import { pingIn } from './support/run.ts';

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const ARP = 0x0806;
const ROUTED = { src: MAC.l0, dst: MAC.r0 };
const plain4 = { src: IP.left, dst: IP.right };
const plain6 = { src: IP.left6, dst: IP.right6 };
const NUMBER = { udp: 17, tcp: 6 } as const;

type Protocols = NonNullable<CaptureOptions['protocols']>;

const frame4 = (protocol: number, payload: Buffer, more: Partial<Parameters<typeof ipv4>[0]> = {}) =>
  ethernet(ROUTED, IPV4, ipv4({ ...plain4, protocol, ...more }, payload));
const frame6 = (protocol: number, payload: Buffer, more: Partial<Parameters<typeof ipv6>[0]> = {}) =>
  ethernet(ROUTED, IPV6, ipv6({ ...plain6, protocol, ...more }, payload));

describeUnless(whyNotRoot(), whyNoPrograms())('the kernel filter by protocol and port', () => {
  let kernel: KernelLab;

  beforeAll(async () => {
    kernel = await startKernelLab();
    await pingIn(kernel.lab, 'left', '-c', '1', IP.right);
    await pingIn(kernel.lab, 'left', '-c', '1', IP.right6);
  });
  afterAll(() => kernel?.lab.stop());

  /** What these frames cause to be seen; always with ICMP, which the marker at the end is. */
  async function seen(protocols: Protocols, frames: readonly Buffer[], more: Partial<CaptureOptions> = {}) {
    const options = { protocols: ['icmp' as const, ...protocols], ...more };
    return recordUntilMarker(kernel, () => inject(kernel, 'l0', ...frames), options);
  }

  /** All the way through the router, with these headers at every hop. */
  function expectWhole(hops: readonly Hop[], crafted: Crafted): void {
    const its = hopsOf(hops, crafted);
    expectHeadersOf(its, crafted);
    expectPath(kernel, its, ROUTED_PATH);
    expect(new Set(its.map(({ packet }) => packet)).size).toBe(1);
  }

  describe.each(['tp_btf', 'raw_tp'] as const)('attached by %s', (attach) => {
    const nops = Buffer.alloc(12, 1);
    test.each([
      ['UDP', 'udp', udp(), 8],
      ['TCP', 'tcp', tcp(), 20],
      ['TCP with options', 'tcp', tcp({}, nops), 32],
      ['TCP with the most options', 'tcp', tcp({}, Buffer.alloc(40, 1)), 60],
    ] as const)('finds the headers of %s', async (_what, protocol, l4, bytes) => {
      const four = frame4(NUMBER[protocol], l4, { id: 77 });
      const six = frame6(NUMBER[protocol], l4);
      const long = frame6(NUMBER[protocol], l4, { extensions: [options6(0), options6(60, 2)] });
      const { hops } = await seen([protocol], [four, six, long], { attach });
      expectWhole(hops, { bytes: four, l3: 14, l4: 34, end: 34 + bytes });
      expectWhole(hops, { bytes: six, l3: 14, l4: 54, end: 54 + bytes });
      expectWhole(hops, { bytes: long, l3: 14, l4: 78, end: 78 + bytes });
    });

    test('passes later fragments with the first', async () => {
      const whole = udp(canaries(100));
      const parts = [
        frame4(17, whole.subarray(0, 48), { id: 0x7101, more: true }),
        frame4(17, whole.subarray(48), { id: 0x7101, offset: 48 }),
        frame6(17, whole.subarray(0, 48), { extensions: [fragment6(0x7102, 0, true)] }),
        frame6(17, whole.subarray(48), { extensions: [fragment6(0x7102, 48, false)] }),
      ] as const;
      const { hops } = await seen(['udp'], parts, { attach });
      const wired = hops.filter((hop) => !isFree(hop));
      for (const [i, l4] of [34, null, 62, null].entries()) {
        const bytes = parts[i] as Buffer;
        expectWhole(wired, { bytes, l3: 14, l4, end: l4 === null ? (i < 2 ? 34 : 62) : l4 + 8 });
      }
    });

    test('passes what was asked for and nothing else', async () => {
      const frames = {
        udp: [frame4(17, udp()), frame6(17, udp())],
        tcp: [frame4(6, tcp()), frame6(6, tcp())],
        icmp6: [frame6(58, icmp6(plain6, { type: 129 }))],
      };
      const all = [...frames.udp, ...frames.tcp, ...frames.icmp6];
      for (const protocol of ['udp', 'tcp', 'icmp6'] as const) {
        const { hops } = await seen([protocol], all, { attach });
        // The far host answers UDP to a closed port with errors, which are seen with it.
        const sent = hops.filter((hop) => hop.ifname === 'l0' && hop.stage === STAGE.net_dev_queue);
        expect(sent.map(({ headers }) => Buffer.from(headers).toString('hex'))).toEqual(
          frames[protocol].map((bytes) =>
            bytes.subarray(0, sent[frames[protocol].indexOf(bytes)]?.headers.length).toString('hex'),
          ),
        );
      }
      const { hops } = await recordUntilMarker(kernel, () => inject(kernel, 'l0', ...all), {
        protocols: ['icmp'],
        attach,
      });
      expect(hops).toEqual([]);
    });

    test('passes by source or destination port, and the errors that quote such a packet', async () => {
      const quote = (l4: Buffer, protocol: number) => ipv4({ src: IP.right, dst: IP.nowhere, protocol, id: 9 }, l4);
      const quote6 = (l4: Buffer, protocol: number) => ipv6({ src: IP.right6, dst: '2001:db8::7', protocol }, l4);
      const error = (quoted: Buffer) => frame4(1, icmp4({ type: 3, id: 0, seq: 0, payload: quoted }));
      const error6 = (quoted: Buffer) => frame6(58, icmp6(plain6, { type: 1, id: 0, seq: 0, payload: quoted }));
      const wanted = [
        frame4(17, udp(undefined, { src: 53, dst: 1000 })),
        frame4(17, udp(undefined, { src: 1000, dst: 5353 })),
        frame6(17, udp(undefined, { src: 53, dst: 1000 })),
        frame4(6, tcp({ dst: 53 })),
        frame6(6, tcp({ dst: 5353 })),
        error(quote(udp(undefined, { src: 53, dst: 1000 }), 17)),
        // An error brings no more than 8 bytes of what it quotes.
        error(quote(tcp({ dst: 53 }).subarray(0, 8), 6)),
        error6(quote6(udp(undefined, { dst: 5353 }), 17)),
        error6(quote6(tcp({ src: 53 }), 6)),
      ];
      const others = [
        frame4(17, udp(undefined, { src: 54, dst: 1000 })),
        frame6(17, udp(undefined, { src: 54, dst: 1000 })),
        frame4(6, tcp({ dst: 54 })),
        error(quote(udp(undefined, { src: 54, dst: 1000 }), 17)),
        error6(quote6(tcp({ src: 54 }), 6)),
        // It has no ports.
        frame4(17, canaries(40), { offset: 64 }),
      ];
      const { hops } = await seen(['udp', 'tcp'], [...others, ...wanted, ...others], { ports: [53, 5353], attach });
      const sent = hops.filter((hop) => hop.ifname === 'l0' && hop.stage === STAGE.net_dev_queue);
      expect(sent.length).toBe(wanted.length);
      for (const [i, hop] of sent.entries()) {
        expect(Buffer.from(hop.headers)).toEqual(wanted[i]?.subarray(0, hop.headers.length));
      }
    });

    const inner4 = { src: '10.50.0.1', dst: '10.50.0.2' };
    const inner6 = { src: 'fd00:50::1', dst: 'fd00:50::2' };
    const link = { src: '02:00:00:00:50:01', dst: '02:00:00:00:50:02' };
    const echo = ipv4({ ...inner4, id: 5 }, icmp4({ seq: 50 }));
    const echo6 = ipv6(inner6, icmp6(inner6, { seq: 51 }));
    const tagged = ethernet({ ...link, tags: [[0x8100, 7]] }, IPV4, echo);
    test.each([
      ['VXLAN', frame4(17, TUNNEL.vxlan(ethernet(link, IPV4, echo))), 34, 34 + 16 + 14 + 28],
      ['VXLAN at 8472', frame4(17, TUNNEL.vxlan(ethernet(link, IPV6, echo6), 8472)), 34, 34 + 16 + 14 + 48],
      ['VXLAN over IPv6', frame6(17, TUNNEL.vxlan(ethernet(link, IPV4, echo))), 54, 54 + 16 + 14 + 28],
      ['VXLAN with a tag inside', frame4(17, TUNNEL.vxlan(tagged)), 34, 34 + 16 + 18 + 28],
      ['Geneve', frame4(17, TUNNEL.geneve(ethernet(link, IPV4, echo))), 34, 34 + 20 + 14 + 28],
      ['GRE', frame4(47, TUNNEL.gre(IPV4, echo)), 34, 34 + 8 + 28],
      ['GRE with a frame', frame4(47, TUNNEL.gre(0x6558, ethernet(link, IPV6, echo6))), 34, 34 + 8 + 14 + 48],
      ['GRE over IPv6', frame6(47, TUNNEL.gre(IPV6, echo6)), 54, 54 + 8 + 48],
      ['IPIP', frame4(4, echo), 34, 34 + 28],
      ['SIT', frame4(41, echo6), 34, 34 + 48],
      ['ip6tnl', frame6(41, echo6), 54, 54 + 48],
      ['IPv4 in IPv6', frame6(4, echo), 54, 54 + 28],
      [
        'two tunnels',
        frame4(17, TUNNEL.vxlan(ethernet(link, IPV4, ipv4({ ...inner4, protocol: 4 }, echo)))),
        34,
        34 + 16 + 14 + 20 + 28,
      ],
    ] as const)('finds what is inside of %s', async (_what, bytes, l4, end) => {
      const { hops } = await seen(['icmp6'], [bytes], { attach });
      expectWhole(hops, { bytes, l3: 14, l4, end });
    });

    test('takes what is in a tunnel for what it is', async () => {
      const inside = (packet: Buffer) => frame4(17, TUNNEL.vxlan(ethernet(link, IPV4, packet)));
      const udpInside = inside(ipv4({ ...inner4, protocol: 17 }, udp(undefined, { dst: 53 })));
      const tcpInside = inside(ipv4({ ...inner4, protocol: 6 }, tcp()));
      const arpInside = frame4(17, TUNNEL.vxlan(ethernet(link, ARP, canaries(28))));
      const three = frame4(4, ipv4({ ...inner4, protocol: 4 }, ipv4({ ...inner4, protocol: 4 }, echo)));
      const noTunnel = frame4(17, udp(canaries(40), { dst: 4789 }));
      const cut = frame4(17, TUNNEL.vxlan(ethernet(link, IPV4, echo.subarray(0, 24))));
      const frames = [tcpInside, arpInside, three, cut, udpInside];
      const { hops } = await seen(['udp'], [...frames, noTunnel], { ports: [53, 4789], attach });
      const sent = hops.filter((hop) => hop.ifname === 'l0' && hop.stage === STAGE.net_dev_queue);
      expect(sent.map(({ headers }) => headers.length)).toEqual([34 + 16 + 14 + 28, 42]);
      const { hops: echoes } = await seen([], [...frames, noTunnel], { attach });
      expect(echoes).toEqual([]);
    });
  });

  test('cuts headers that are longer than a record', async () => {
    const bytes = frame6(6, tcp({}, Buffer.alloc(40, 1)), { extensions: [options6(60, 3)] });
    const { hops } = await seen(['tcp'], [bytes]);
    expectWhole(hops, { bytes, l3: 14, l4: 78, end: 138 });
  });
});
