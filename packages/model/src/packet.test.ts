import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ipv4Text, ipv6Text, macText } from './address-text.ts';
import { parsePacket } from './packet.ts';
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

  it('refuses what is no echo', () => {
    expect(parsePacket(makeHop({ frame: { ...v4, type: 13 } }))).toBeNull();
    expect(parsePacket(makeHop({ frame: { ...v6, type: 135 } }))).toBeNull();
    const udp = makeHop({ frame: { ...v4, type: 8 } });
    udp.headers[udp.l3Offset + 9] = 17;
    expect(parsePacket(udp)).toBeNull();
    expect(parsePacket({ ...udp, l3Offset: 0xffff })).toBeNull();
  });

  it('answers null or a packet for any cut and any mutation, and never throws', () => {
    const frames = [
      { ...v4, type: 8, options: 12 },
      { ...v6, type: 128, extensions: [0, 44, 51] },
      { ...v6, type: 1, quoted: { ...v6, type: 128 } },
    ];
    const mutation = fc.tuple(fc.nat(127), fc.nat(255));
    fc.assert(
      fc.property(
        fc.constantFrom(...frames),
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
