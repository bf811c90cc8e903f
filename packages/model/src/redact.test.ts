import {
  BATCH_HEADER_BYTES,
  type Hop,
  OFFSET,
  RECORD_BYTES,
  RECORD_LAYOUT,
  readBatch,
  type ServerFrame,
  type Topology,
  writeBatchHeader,
} from '@hopscope/protocol';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type Packet, parsePacket } from './packet.ts';
import { createAddressStandIns } from './redact/address-stand-ins.ts';
import { createRedactor } from './redact.ts';
import type { FrameSpec } from './test-headers.ts';
import { makeHop } from './test-hops.ts';

const key = new Uint8Array(16).fill(3);
const standIns = createAddressStandIns(key);

/** One record in a batch, as the kernel would have written it. */
function batchOf(hop: Hop): Uint8Array {
  const batch = new Uint8Array(BATCH_HEADER_BYTES + RECORD_BYTES);
  writeBatchHeader(batch, 1, 0);
  const record = batch.subarray(BATCH_HEADER_BYTES);
  const view = new DataView(record.buffer, record.byteOffset);
  record.set(hop.headers, OFFSET.headers);
  record.set(new TextEncoder().encode(hop.ifname), OFFSET.ifname);
  view.setUint32(OFFSET.netns_inum, hop.netnsInum, true);
  view.setUint32(OFFSET.ifindex, hop.ifindex, true);
  view.setUint8(OFFSET.stage, hop.stage);
  view.setUint16(OFFSET.header_len, hop.headers.length, true);
  view.setUint16(OFFSET.l3_offset, hop.l3Offset, true);
  view.setUint16(OFFSET.link_type, hop.linkType, true);
  return batch;
}

function redacted(hop: Hop): Hop {
  return readBatch(createRedactor(key).batch(batchOf(hop)), 0n).hop(0);
}

const bytesOf = (address: string) =>
  address.includes(':') ? hextets(address) : Uint8Array.from(address.split('.').map(Number));
function hextets(address: string): Uint8Array {
  const [head = '', tail] = address.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const right = groups(tail ?? '');
  const left = groups(head);
  const all = [...left, ...new Array(8 - left.length - right.length).fill(0), ...right];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 255]));
}
function isIn(bytes: Uint8Array, part: Uint8Array): boolean {
  const text = (all: Uint8Array) => `,${all.join(',')},`;
  return text(bytes).includes(text(part));
}

const mac = { src: '02:42:ac:11:00:02', dst: '02:42:ac:11:00:03' };
const v4 = { src: '172.17.0.2', dst: '203.0.113.9' };
const v6 = { src: '2001:db8:7::2', dst: '2001:db8:9::5' };
const echo = { type: 8, id: 7, seq: 9 };
const frames: Record<string, FrameSpec> = {
  'IPv4 echo': { ...v4, ...echo, mac },
  'IPv4 options': { ...v4, ...echo, mac, options: 8 },
  'IPv6 echo': { ...v6, type: 128, id: 7, seq: 9, mac },
  'IPv6 extension headers': { ...v6, type: 128, id: 7, seq: 9, mac, extensions: [0, 43, 60] },
  'an IPv6 fragment': { ...v6, type: 128, id: 7, seq: 9, mac, fragment: { offsetBytes: 1448, more: true }, ipId: 5 },
  UDP: { ...v4, ports: [5000, 53], mac },
  TCP: { ...v4, ports: [5000, 443], tcp: { seq: 7 }, mac },
  'an error': { ...v4, type: 3, code: 4, mtu: 1400, mac, quoted: { src: '192.0.2.77', dst: '198.51.100.3', ...echo } },
  VXLAN: { ...v4, mac, tunnel: { kind: 'vxlan', id: 42, frame: { src: '10.9.8.7', dst: '10.9.8.6', ...echo, mac } } },
  Geneve: { ...v4, mac, tunnel: { kind: 'geneve', id: 4, frame: { src: '10.9.8.7', dst: '10.9.8.6', ...echo, mac } } },
  GRE: { ...v4, mac, tunnel: { kind: 'gre', id: 77, frame: { src: '10.9.8.7', dst: '10.9.8.6', ...echo } } },
  'IPv6 in IPv4': { ...v4, mac, tunnel: { kind: 'ip', frame: { ...v6, type: 128, id: 1, seq: 2 } } },
};

/** Every address that a frame names. */
function addressesOf(spec: FrameSpec): string[] {
  const inner = spec.tunnel?.frame;
  return [spec.src, spec.dst, ...(spec.quoted ? addressesOf(spec.quoted) : []), ...(inner ? addressesOf(inner) : [])];
}

describe('redacted headers', () => {
  test.each(Object.entries(frames))('%s: read as before, with no address as before', (_, spec) => {
    const hop = makeHop({ frame: spec });
    const [before, after] = [parsePacket(hop), parsePacket(redacted(hop))];
    if (before === null || after === null) throw new Error('both parse');
    const withoutAddresses = ({ src, dst, mac, outer, quoted, ...rest }: Packet) => ({
      ...rest,
      hasMac: mac !== null,
      outer: outer.map(({ kind, id }) => ({ kind, id })),
      quoted: quoted && { ...quoted, src: '', dst: '' },
    });
    expect(withoutAddresses(after)).toEqual(withoutAddresses(before));
    const bytes = redacted(hop).headers;
    for (const address of addressesOf(spec)) expect(isIn(bytes, bytesOf(address)), address).toBe(false);
    for (const address of [mac.src, mac.dst]) {
      const raw = Uint8Array.from(address.split(':').map((part) => Number.parseInt(part, 16)));
      expect(isIn(bytes, raw), address).toBe(false);
    }
    expect([...bytesOf(after.src)]).toEqual([...standIns.ip(bytesOf(before.src))]);
  });

  it('of any bytes: nothing outside of known fields is copied', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 128 }), fc.nat(60), (bytes, l3) => {
        const hop: Hop = { ...makeHop({ frame: frames['IPv4 echo'] as FrameSpec }), headers: bytes, l3Offset: l3 };
        const out = redacted(hop).headers;
        expect(out.length).toBe(bytes.length);
        const ip = bytes[l3] ?? 0;
        if (ip >> 4 !== 4 && ip >> 4 !== 6)
          expect(out.subarray(l3 >= 14 ? 24 : 0).every((byte) => byte === 0)).toBe(true);
      }),
    );
  });
});

const topology: Topology = {
  namespaces: [
    {
      id: 'c1' as Topology['namespaces'][0]['id'],
      inum: 4026531840,
      cookie: '1',
      host: true,
      names: [{ text: 'build-server-7', source: 'own', image: '', project: '' }],
      links: [
        {
          ifindex: 3,
          name: 'br-acme',
          kind: 'bridge',
          type: 1,
          mac: '02:42:7f:00:17:01',
          mtu: 1500,
          up: true,
          operstate: 'up',
          master: 0,
          portState: '',
          peer: null,
          addresses: [{ family: 4, address: '172.17.0.1', prefix: 16, scope: 'global' }],
          vlanId: 0,
          vxlanId: 0,
          vxlanRemote: '203.0.113.200',
        },
      ],
      defaultRoutes: [{ family: 4, gateway: '203.0.113.1', ifindex: 2, metric: 0 }],
    },
    {
      id: 'c2' as Topology['namespaces'][0]['id'],
      inum: 4026532000,
      cookie: '2',
      host: false,
      names: [{ text: 'acme-billing-db', source: 'docker', image: 'acme/billing:3', project: 'acme' }],
      links: [],
      defaultRoutes: [],
    },
  ],
};
const SECRETS = ['acme', 'build-server', '172.17.0.1', '203.0.113', '02:42', 'billing', 'wiki', '2001:db8:7'];

describe('redacted frames', () => {
  const redactor = createRedactor(key);
  const control = (frame: ServerFrame) => JSON.stringify(redactor.control(frame));
  const shown = control({ type: 'topology', version: 1, topology });

  it('name nothing of the machine', () => {
    for (const secret of SECRETS) expect(shown).not.toContain(secret);
    expect(shown).toContain('"container-1"');
    expect(shown).toContain('"br1"');
    expect(shown).toContain('4026532000');
  });

  it('keep an address in its subnet', () => {
    const after = redactor.control({ type: 'topology', version: 1, topology });
    const own = after.type === 'topology' ? after.topology.namespaces[0]?.links[0]?.addresses[0]?.address : '';
    expect(own).toMatch(/^172\.(1[6-9]|2\d|3[01])\./);
  });

  it('replace what rules and notices name in passing, and what people wrote into them', () => {
    const facts = {
      'netfilter.rule': 'iifname "br-acme" ip saddr 172.17.0.1 ip6 daddr 2001:db8:7::/48 drop comment "see wiki/42"',
      'netfilter.chain': 'FORWARD',
      'netfilter.table': 'acme',
      'link.device': 'br-acme',
      'packet.ttl': 63,
    };
    const after = control({ type: 'evidence', packet: 1, t: 2, facts });
    for (const secret of SECRETS) expect(after).not.toContain(secret);
    expect(after).toContain('FORWARD');
    expect(after).toMatch(/iifname \\"br1\\" ip saddr 172\./);
    expect(after).toContain('"packet.ttl":63');
    const notice = control({
      type: 'notice',
      level: 'info',
      text: 'acme-billing-db at 02:42:7f:00:17:01, 172.17.0.1.',
    });
    expect(notice).toMatch(/"container-1 at 02:(?!42)[\da-f:]+, 172\.[\d.]+\."/);
  });

  it('leave out what the author of a recording wrote, and how it was filtered', () => {
    const after = control({
      type: 'hello',
      ...RECORD_LAYOUT,
      agent: { version: '0' },
      host: { name: 'build-server', kernel: '6', bootId: 'acme' },
      clock: { monotonicNs: '0', wallNs: '0' },
      dropReasons: {},
      features: [],
      lab: false,
      recording: {
        created: '',
        filter: '--filter-netns acme',
        notes: 'acme at 172.17.0.1',
        redacted: false,
        play: '1',
      },
    });
    for (const secret of SECRETS) expect(after).not.toContain(secret);
    expect(after).toContain('"redacted":true');
  });

  it('call the same thing the same in records and topology', () => {
    const hop = makeHop({ frame: frames.UDP as FrameSpec, ifname: 'br-acme' });
    expect(readBatch(redactor.batch(batchOf(hop)), 0n).hop(0).ifname).toBe('br1');
  });
});
