import { FLAG } from '@hopscope/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ipv4Text, ipv6Text, macText } from './address-text.ts';
import { type Packet, parsePacket } from './packet.ts';
import type { FrameSpec } from './test-headers.ts';
import { makeHop } from './test-hops.ts';

const v4 = { src: '172.17.0.1', dst: '172.17.0.2' };
const v6 = { src: 'fd00::1', dst: 'fd00::2' };

describe('parsePacket', () => {
  it('reads an IPv4 echo request', () => {
    const hop = makeHop({ frame: { ...v4, type: 8, id: 17146, seq: 1, ttl: 63, ipId: 0xbeef } });
    expect(parsePacket(hop)).toEqual({
      kind: 'request',
      protocol: 'icmp',
      outer: [],
      ports: null,
      tcp: null,
      mtu: null,
      family: 4,
      ...v4,
      ttl: 63,
      ipId: 0xbeef,
      fragment: null,
      mac: { src: '02:00:00:00:00:01', dst: '02:00:00:00:00:02' },
      vlans: [],
      icmp: { type: 8, code: 0, id: 17146, seq: 1 },
      quoted: null,
    });
  });

  it('reads an IPv6 echo reply', () => {
    const packet = parsePacket(makeHop({ frame: { ...v6, type: 129, id: 7, seq: 65535 } }));
    expect(packet).toMatchObject({ kind: 'reply', family: 6, ...v6, ipId: 0, icmp: { type: 129, id: 7, seq: 65535 } });
  });

  it('walks IPv4 options', () => {
    const packet = parsePacket(makeHop({ frame: { ...v4, type: 8, id: 5, seq: 6, options: 40 } }));
    expect(packet?.icmp).toEqual({ type: 8, code: 0, id: 5, seq: 6 });
  });

  it('walks IPv6 extension headers of both length units', () => {
    const packet = parsePacket(makeHop({ frame: { ...v6, type: 128, id: 5, seq: 6, extensions: [0, 43, 51, 60] } }));
    expect(packet?.icmp).toEqual({ type: 128, code: 0, id: 5, seq: 6 });
  });

  it('has no MAC on a device without one, and none when the header is missing', () => {
    expect(parsePacket(makeHop({ linkType: 65534, frame: { ...v4, mac: undefined, type: 8 } }))?.mac).toBeNull();
    expect(parsePacket(makeHop({ linkType: 1, frame: { ...v4, mac: undefined, type: 8 } }))?.mac).toBeNull();
    expect(parsePacket(makeHop({ linkType: 772, frame: { ...v4, type: 8 } }))?.mac).not.toBeNull();
  });

  it('lists VLANs outermost first, the accelerated one before those in the bytes, without priority bits', () => {
    const frame = { ...v4, type: 8, id: 1, seq: 2 };
    const mac = { src: '02:00:00:00:00:01', dst: '02:00:00:00:00:02' };
    expect(parsePacket(makeHop({ frame: { ...frame, mac, tags: [100, 7] } }))).toMatchObject({ vlans: [100, 7] });
    const both = makeHop({ vlan: { tci: 0x6000 | 12, protocol: 0x8100 }, frame: { ...frame, mac, tags: [100] } });
    expect(parsePacket(both)).toMatchObject({ kind: 'request', vlans: [12, 100], icmp: { seq: 2 } });
  });

  it('tells first and later fragments', () => {
    const first = { ...v4, type: 8, id: 3, seq: 4, ipId: 9, fragment: { offsetBytes: 0, more: true } };
    expect(parsePacket(makeHop({ frame: first }))).toMatchObject({
      kind: 'request',
      ipId: 9,
      fragment: { offsetBytes: 0, more: true },
      icmp: { id: 3, seq: 4 },
    });
    const later = { ...first, fragment: { offsetBytes: 1480, more: false } };
    expect(parsePacket(makeHop({ frame: later }))).toMatchObject({
      kind: 'fragment',
      ipId: 9,
      fragment: { offsetBytes: 1480, more: false },
      icmp: null,
    });
  });

  it('tells IPv6 fragments, also when the first one carries more extension headers', () => {
    const ipId = 0xdeadbeef;
    const first = { ...v6, type: 128, id: 3, seq: 4, ipId, extensions: [0, 44, 60] };
    expect(parsePacket(makeHop({ frame: { ...first, fragment: { offsetBytes: 0, more: true } } }))).toMatchObject({
      kind: 'request',
      ipId,
      fragment: { offsetBytes: 0, more: true },
    });
    expect(parsePacket(makeHop({ frame: { ...first, fragment: { offsetBytes: 1448, more: true } } }))).toMatchObject({
      kind: 'fragment',
      ipId,
      fragment: { offsetBytes: 1448, more: true },
    });
  });

  it('takes an IPv6 packet with a fragment header but no fragments for whole', () => {
    const frame = { ...v6, type: 128, ipId: 5, fragment: { offsetBytes: 0, more: false } };
    expect(parsePacket(makeHop({ frame }))).toMatchObject({ kind: 'request', fragment: null, ipId: 5 });
  });

  it.each([3, 4, 5, 11, 12])('reads the echo quoted by ICMP error %i', (type) => {
    const quoted = { ...v4, type: 8, id: 77, seq: 8, options: 8 };
    const packet = parsePacket(makeHop({ frame: { src: '10.0.0.1', dst: v4.src, type, code: 1, quoted } }));
    expect(packet).toMatchObject({
      kind: 'error',
      src: '10.0.0.1',
      icmp: { type, code: 1, id: 0, seq: 0 },
      quoted: { ...v4, icmp: { type: 8, id: 77, seq: 8 } },
    });
  });

  it.each([1, 2, 3, 4])('reads the echo quoted by ICMPv6 error %i', (type) => {
    const quoted = { ...v6, type: 129, id: 77, seq: 8 };
    const packet = parsePacket(makeHop({ frame: { src: 'fd00::9', dst: v6.src, type, quoted } }));
    expect(packet).toMatchObject({ kind: 'error', quoted: { ...v6, icmp: { type: 129, id: 77, seq: 8 } } });
  });

  it('keeps an error whose quote was cut', () => {
    const hop = makeHop({ frame: { ...v4, type: 11, quoted: { ...v4, type: 8 } } });
    const cut = { ...hop, headers: hop.headers.slice(0, hop.headers.length - 1) };
    expect(parsePacket(cut)).toMatchObject({ kind: 'error', quoted: null });
  });

  it('refuses what is no echo, error, UDP or TCP', () => {
    expect(parsePacket(makeHop({ frame: { ...v4, type: 13 } }))).toBeNull();
    expect(parsePacket(makeHop({ frame: { ...v6, type: 135 } }))).toBeNull();
    const sctp = makeHop({ frame: { ...v4, type: 8 } });
    sctp.headers[sctp.l3Offset + 9] = 132;
    expect(parsePacket(sctp)).toBeNull();
    expect(parsePacket(makeHop({ frame: { ...v4, type: 8 } }))).not.toBeNull();
    expect(parsePacket({ ...makeHop({ frame: { ...v4, type: 8 } }), l3Offset: 0xffff })).toBeNull();
  });

  it('answers null or a packet for any cut and any mutation, and never throws', () => {
    const mutation = fc.tuple(fc.nat(127), fc.nat(255));
    fc.assert(
      fc.property(
        fc.constantFrom(...everyKind),
        fc.nat(128),
        fc.array(mutation, { maxLength: 8 }),
        fc.oneof(fc.nat(130), fc.constant(14)),
        (frame, length, mutations, l3Offset) => {
          const hop = makeHop({ frame });
          const headers = hop.headers.slice(0, length);
          for (const [at, value] of mutations) if (at < headers.length) headers[at] = value;
          const packet = parsePacket({ ...hop, headers, l3Offset });
          if (packet !== null) expect(packet.src).toMatch(/^[0-9a-f.:]+$/);
        },
      ),
      { numRuns: 5000 },
    );
  });

  it('says of cut bytes what it says of all of them, or nothing', () => {
    for (const frame of everyKind) {
      const hop = makeHop({ frame });
      const whole = parsePacket(hop) as Packet;
      expect(whole).not.toBeNull();
      for (let length = 0; length < hop.headers.length; length++) {
        // What stands behind the cut in memory must make no difference.
        const memory = new Uint8Array(hop.headers.length + 64).fill(0xa5);
        memory.set(hop.headers.subarray(0, length));
        const packet = parsePacket({ ...hop, flags: FLAG.CUT, headers: memory.subarray(0, length) });
        if (packet === null) continue;
        const { icmp, ports, tcp, mtu, quoted, ...rest } = packet;
        expect(rest).toEqual({
          ...whole,
          icmp: undefined,
          ports: undefined,
          tcp: undefined,
          mtu: undefined,
          quoted: undefined,
        });
        if (icmp !== null) expect(icmp).toEqual(whole.icmp);
        if (ports !== null) expect(ports).toEqual(whole.ports);
        if (tcp !== null) expect(tcp).toEqual(whole.tcp);
        if (mtu !== null) expect(mtu).toBe(whole.mtu);
        if (quoted !== null) expect({ ...quoted, seq: null }).toEqual({ ...whole.quoted, seq: null });
      }
    }
  });
});

const everyKind: readonly FrameSpec[] = [
  { ...v4, type: 8, id: 9, seq: 8, options: 12 },
  { ...v6, type: 128, id: 9, seq: 8, extensions: [0, 44, 51] },
  { ...v6, type: 2, mtu: 1400, quoted: { ...v6, type: 128, id: 3, seq: 4 } },
  { ...v4, type: 3, code: 4, mtu: 1400, quoted: { ...v4, ipId: 77, ports: [40000, 53] } },
  { ...v6, type: 1, code: 4, quoted: { ...v6, ports: [40000, 80], tcp: { seq: 0xfedcba98 } } },
  { ...v4, ports: [40000, 53], ipId: 3 },
  { ...v6, ports: [40000, 80], tcp: { seq: 0xfedcba98, ack: 5, flags: 0x18 }, extensions: [0, 60] },
  {
    ...v4,
    tunnel: {
      kind: 'vxlan',
      id: 42,
      frame: { ...v6, mac: { src: 'aa:00:00:00:00:01', dst: 'aa:00:00:00:00:02' }, tags: [7], ports: [1, 2] },
    },
  },
  { ...v6, tunnel: { kind: 'geneve', id: 0xabcdef, frame: { ...v4, type: 0, id: 1, seq: 2 } } },
  {
    ...v4,
    tunnel: { kind: 'gre', id: 0xfedcba98, frame: { ...v4, tunnel: { kind: 'ip', frame: { ...v6, ports: [5, 6] } } } },
  },
];

describe('UDP and TCP', () => {
  it('reads ports', () => {
    expect(parsePacket(makeHop({ frame: { ...v4, ports: [40001, 53], ipId: 5 } }))).toMatchObject({
      ...{ kind: 'data', protocol: 'udp', ...v4, ipId: 5, icmp: null, ports: { src: 40001, dst: 53 }, tcp: null },
    });
  });

  it('reads sequence numbers and flags of TCP, and none where the bytes end before them', () => {
    const frame = { ...v6, ports: [40001, 443] as const, tcp: { seq: 0xfffffffe, ack: 0x80000000, flags: 0x12 } };
    const hop = makeHop({ frame });
    const tcp = { seq: 0xfffffffe, ack: 0x80000000, flags: 0x12 };
    expect(parsePacket(hop)).toMatchObject({ kind: 'data', protocol: 'tcp', ports: { src: 40001, dst: 443 }, tcp });
    const cut = { ...hop, headers: hop.headers.slice(0, 14 + 40 + 8) };
    expect(parsePacket(cut)).toMatchObject({ protocol: 'tcp', ports: { src: 40001, dst: 443 }, tcp: null });
  });

  it('tells later fragments by their protocol', () => {
    const fragment = { offsetBytes: 1480, more: true };
    expect(parsePacket(makeHop({ frame: { ...v4, ports: [1, 2], ipId: 9, fragment } }))).toMatchObject({
      ...{ kind: 'fragment', protocol: 'udp', ipId: 9, ports: null },
    });
    expect(parsePacket(makeHop({ frame: { ...v6, ports: [1, 2], tcp: { seq: 1 }, fragment } }))).toMatchObject({
      ...{ kind: 'fragment', protocol: 'tcp', fragment, tcp: null },
    });
  });

  it('reads what an ICMP error quotes of them, and the MTU', () => {
    const udp = { ...v4, ipId: 99, ports: [40000, 53] as const };
    expect(parsePacket(makeHop({ frame: { ...v4, type: 3, code: 4, mtu: 1400, quoted: udp } }))).toMatchObject({
      ...{ kind: 'error', mtu: 1400, icmp: { type: 3, code: 4, id: 0, seq: 0 } },
      quoted: { protocol: 'udp', ...v4, ipId: 99, ports: { src: 40000, dst: 53 }, icmp: null, seq: null },
    });
    const tcp = { ...v6, ports: [40000, 80] as const, tcp: { seq: 77 } };
    expect(parsePacket(makeHop({ frame: { ...v6, type: 2, mtu: 70_000, quoted: tcp } }))).toMatchObject({
      ...{ mtu: 70_000, quoted: { protocol: 'tcp', ports: { src: 40000, dst: 80 }, seq: 77 } },
    });
  });

  it('has no MTU where the error names none', () => {
    const quoted = { ...v4, ports: [1, 2] as const };
    expect(parsePacket(makeHop({ frame: { ...v4, type: 3, code: 4, quoted } }))?.mtu).toBeNull();
    expect(parsePacket(makeHop({ frame: { ...v4, type: 3, code: 3, mtu: 1400, quoted } }))?.mtu).toBeNull();
  });
});

describe('tunnels', () => {
  const ends = { src: '192.0.2.1', dst: '192.0.2.2' };
  const mac = { src: '0a:00:00:00:00:01', dst: '0a:00:00:00:00:02' };
  const echo: FrameSpec = { ...v4, type: 8, id: 3, seq: 4, ttl: 61 };
  const read = (frame: FrameSpec): Packet | null => parsePacket(makeHop({ frame }));

  it.each([4789, 8472])('reads the packet inside VXLAN on port %i, with its own MAC header and tags', (port) => {
    const packet = read({ ...ends, tunnel: { kind: 'vxlan', id: 0xabcdef, port, frame: { ...echo, mac, tags: [7] } } });
    expect(packet).toMatchObject({
      ...{ kind: 'request', ...v4, ttl: 61, mac, vlans: [7], icmp: { id: 3, seq: 4 } },
      outer: [{ kind: 'vxlan', ...ends, id: 0xabcdef }],
    });
  });

  it('takes anything else on that port for UDP', () => {
    const frame: FrameSpec = { ...ends, tunnel: { kind: 'vxlan', id: 5, frame: { ...echo, mac } } };
    const hop = makeHop({ frame });
    hop.headers[14 + 20 + 8] = 0;
    expect(parsePacket(hop)).toMatchObject({ kind: 'data', protocol: 'udp', ports: { dst: 4789 }, outer: [] });
  });

  it.each([4789, 8472, 6081])(
    'takes a datagram to port %i for UDP when the kernel side saw no tunnel in it',
    (port) => {
      const packet = read({ ...ends, ports: [5353, port] });
      expect(packet).toMatchObject({ kind: 'data', protocol: 'udp', ports: { src: 5353, dst: port }, outer: [] });
    },
  );

  it.each([
    ['geneve', { kind: 'geneve', id: 77 } as const, mac, 77],
    ['geneve without a MAC header', { kind: 'geneve', id: 77 } as const, undefined, 77],
    ['gre', { kind: 'gre' } as const, undefined, null],
    ['gre with a key', { kind: 'gre', id: 0xfedcba98 } as const, undefined, 0xfedcba98],
    ['gre that carries frames', { kind: 'gretap', id: 9 } as const, mac, 9],
  ])('reads the packet inside %s', (name, tunnel, innerMac, id) => {
    expect(read({ ...ends, tunnel: { ...tunnel, frame: { ...echo, mac: innerMac } } })).toMatchObject({
      ...{ kind: 'request', icmp: { seq: 4 }, mac: innerMac ?? null },
      outer: [{ kind: name.split(' ')[0], ...ends, id }],
    });
  });

  it.each([
    ['ipip', ends, echo],
    ['sit', ends, { ...v6, ports: [1, 2] } as FrameSpec],
    ['ip6tnl', { src: 'fd00::11', dst: 'fd00::12', extensions: [60] }, echo],
    ['ip6tnl', { src: 'fd00::11', dst: 'fd00::12' }, { ...v6, ports: [1, 2] } as FrameSpec],
  ])('reads the packet inside %s', (kind, outside, frame) => {
    const packet = read({ ...outside, tunnel: { kind: 'ip', frame } });
    expect(packet).toMatchObject({
      ...{ src: frame.src, outer: [{ kind, src: outside.src, dst: outside.dst, id: null }], mac: null },
    });
  });

  it('names two tunnels outermost first, and gives up at the third', () => {
    const two: FrameSpec = { ...ends, tunnel: { kind: 'gre', frame: { ...v4, tunnel: { kind: 'ip', frame: echo } } } };
    expect(read(two)?.outer.map(({ kind }) => kind)).toEqual(['gre', 'ipip']);
    expect(read({ ...ends, tunnel: { kind: 'ip', frame: two } })).toBeNull();
  });

  it('is nothing where the inner packet is no IP, or is not in the bytes', () => {
    const frame: FrameSpec = { ...ends, tunnel: { kind: 'vxlan', id: 5, frame: { ...echo, mac } } };
    const arp = makeHop({ frame });
    arp.headers.set([0x08, 0x06], 14 + 20 + 8 + 8 + 12);
    expect(parsePacket(arp)).toBeNull();
    const hop = makeHop({ frame });
    expect(parsePacket({ ...hop, headers: hop.headers.slice(0, 14 + 20 + 8 + 3) })).toBeNull();
  });

  it('keeps what is left of an echo that the record cuts: IPv6 in VXLAN over IPv6', () => {
    const inner: FrameSpec = { ...v6, type: 128, id: 3, seq: 4, mac };
    const packet = read({ src: 'fd00::11', dst: 'fd00::12', tunnel: { kind: 'vxlan', id: 5, frame: inner } });
    expect(packet).toMatchObject({ kind: 'request', ...v6, icmp: null, outer: [{ kind: 'vxlan', id: 5 }] });
  });
});

describe('address text', () => {
  it.each([
    ['0:0:0:0:0:0:0:0', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['fe80:0:0:0:0:0:0:0', 'fe80::'],
    ['0:0:0:0:0:ffff:c000:201', '::ffff:192.0.2.1'],
  ])('writes %s as RFC 5952 does', (groups, canonical) => {
    const bytes = new Uint8Array(16);
    groups.split(':').forEach((group, i) => {
      new DataView(bytes.buffer).setUint16(i * 2, parseInt(group, 16));
    });
    expect(ipv6Text(bytes, 0)).toBe(canonical);
  });

  it('agrees with the URL standard on IPv6', () => {
    const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        fc.pre(!(groups.slice(0, 5).every((value) => value === 0) && groups[5] === 0xffff)); // a URL writes no dots
        const bytes = Uint8Array.from(groups.flatMap((value) => [value >> 8, value & 255]));
        const url = new URL(`http://[${groups.map((value) => value.toString(16)).join(':')}]/`);
        expect(`[${ipv6Text(bytes, 0)}]`).toBe(url.hostname);
      }),
      { numRuns: 2000 },
    );
  });

  it('remembers texts without ever mixing them up', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 6, maxLength: 6 }), { minLength: 1, maxLength: 50 }), (all) => {
        for (const bytes of [...all, ...all]) {
          expect(ipv4Text(bytes, 0)).toBe(Array.from(bytes.slice(0, 4)).join('.'));
          expect(macText(bytes, 0)).toBe(Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':'));
        }
      }),
    );
  });
});
