// Ethernet frames made byte by byte from the RFCs, with right checksums, so that the kernel takes them as any other.

/** Stands all over the payloads; no record may hold it. */
export const CANARY = Buffer.from('c0ffee5eed1e55', 'hex');

export function canaries(bytes: number): Buffer {
  return Buffer.alloc(bytes, CANARY);
}

export function u16(value: number): Buffer {
  return Buffer.from([(value >> 8) & 0xff, value & 0xff]);
}

/** RFC 1071. */
function checksum(...parts: Buffer[]): Buffer {
  const bytes = Buffer.concat(parts);
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return u16(~sum);
}

function ipv4Address(text: string): Buffer {
  return Buffer.from(text.split('.').map(Number));
}

/** Takes `::` once. */
function ipv6Address(text: string): Buffer {
  const [left = '', right = ''] = text.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => u16(Number.parseInt(group, 16))));
  const [head, tail] = [groups(left), groups(right)];
  return Buffer.concat([...head, Buffer.alloc((8 - head.length - tail.length) * 2), ...tail]);
}

export interface Ends {
  readonly src: string;
  readonly dst: string;
}

export interface EchoOptions {
  /** Default: the request of the family. */
  readonly type?: number;
  readonly id?: number;
  readonly seq?: number;
  readonly payload?: Buffer;
}

/** ICMP: a request unless another type is given. */
export function icmp4({ type = 8, id = 0x4242, seq = 1, payload = canaries(40) }: EchoOptions = {}): Buffer {
  const start = Buffer.from([type, 0]);
  const rest = Buffer.concat([u16(id), u16(seq), payload]);
  return Buffer.concat([start, checksum(start, rest), rest]);
}

/** ICMPv6, whose checksum covers the addresses. */
export function icmp6(
  ends: Ends,
  { type = 128, id = 0x4242, seq = 1, payload = canaries(40) }: EchoOptions = {},
): Buffer {
  const start = Buffer.from([type, 0]);
  const rest = Buffer.concat([u16(id), u16(seq), payload]);
  const pseudo = Buffer.concat([
    ...[ipv6Address(ends.src), ipv6Address(ends.dst)],
    ...[Buffer.alloc(2), u16(rest.length + 4), Buffer.from([0, 0, 0, 58])],
  ]);
  return Buffer.concat([start, checksum(pseudo, start, rest), rest]);
}

export interface PortOptions {
  readonly src?: number;
  readonly dst?: number;
}

/** No checksum, which UDP over IPv4 allows. */
export function udp(payload = canaries(40), { src = 40000, dst = 33434 }: PortOptions = {}): Buffer {
  return Buffer.concat([u16(src), u16(dst), u16(8 + payload.length), u16(0), payload]);
}

/** A SYN; its checksum is wrong, so nobody answers it. `options`: a multiple of 4 bytes, at most 40. */
export function tcp({ src = 40000, dst = 80 }: PortOptions = {}, options = Buffer.alloc(0)): Buffer {
  const words = 5 + options.length / 4;
  const [numbers, window, rest] = [Buffer.from('0102030405060708', 'hex'), u16(1024), Buffer.alloc(4)];
  return Buffer.concat([u16(src), u16(dst), numbers, Buffer.from([words << 4, 2]), window, rest, options]);
}

/** What stands in front of a frame or packet in a tunnel, the outer IP header aside. */
export const TUNNEL = {
  vxlan: (frame: Buffer, port = 4789) =>
    udp(Buffer.concat([Buffer.from('0800000000002a00', 'hex'), frame]), { dst: port }),
  /** With one option of 4 bytes. */
  geneve: (frame: Buffer) =>
    udp(Buffer.concat([Buffer.from('0100655800002a00', 'hex'), Buffer.alloc(4), frame]), { dst: 6081 }),
  /** With a key. */
  gre: (type: number, packet: Buffer) =>
    Buffer.concat([u16(0x2000), u16(type), Buffer.from('0000002a', 'hex'), packet]),
} as const;

export interface Ipv4Options extends Ends {
  readonly protocol?: number;
  readonly ttl?: number;
  readonly id?: number;
  /** Fragment offset in bytes, and whether more follow. */
  readonly offset?: number;
  readonly more?: boolean;
  /** A multiple of 4 bytes. */
  readonly options?: Buffer;
}

export function ipv4(header: Ipv4Options, payload: Buffer): Buffer {
  const { protocol = 1, ttl = 64, id = 0x1234, offset = 0, more = false, options = Buffer.alloc(0) } = header;
  const start = Buffer.concat([
    Buffer.from([0x45 + options.length / 4, 0]),
    ...[u16(20 + options.length + payload.length), u16(id), u16((more ? 0x2000 : 0) | (offset / 8))],
    Buffer.from([ttl, protocol]),
  ]);
  const end = Buffer.concat([ipv4Address(header.src), ipv4Address(header.dst), options]);
  return Buffer.concat([start, checksum(start, end), end, payload]);
}

/** An IPv6 extension header without its first byte, which names the one after it. */
export interface Extension {
  readonly kind: number;
  readonly rest: Buffer;
}

/** For experiments (RFC 4727), to be skipped by whoever does not know it. Linux takes no more than 7 bytes of padding. */
const SKIPPED_OPTION = 0x1e;

/** Hop-by-hop (0) or destination options (60) of `units` × 8 bytes, at most 32. */
export function options6(kind: 0 | 60, units = 1): Extension {
  const bytes = units * 8 - 4;
  return { kind, rest: Buffer.concat([Buffer.from([units - 1, SKIPPED_OPTION, bytes]), Buffer.alloc(bytes)]) };
}

/** Routing header of type 0 that has arrived: no segments left, so every host passes it over. */
export function routing6(): Extension {
  return { kind: 43, rest: Buffer.from([2, 0, 0, 0, 0, 0, 0, ...new Array(16).fill(0)]) };
}

export function fragment6(id: number, offset: number, more: boolean): Extension {
  const idBytes = Buffer.alloc(4);
  idBytes.writeUInt32BE(id);
  return { kind: 44, rest: Buffer.concat([Buffer.alloc(1), u16(offset | (more ? 1 : 0)), idBytes]) };
}

export interface Ipv6Options extends Ends {
  readonly protocol?: number;
  readonly hopLimit?: number;
  readonly extensions?: readonly Extension[];
}

export function ipv6(header: Ipv6Options, payload: Buffer): Buffer {
  const { protocol = 58, hopLimit = 64, extensions = [] } = header;
  const kinds = [...extensions.map(({ kind }) => kind), protocol];
  const chain = Buffer.concat(extensions.flatMap(({ rest }, i) => [Buffer.from([kinds[i + 1] ?? protocol]), rest]));
  return Buffer.concat([
    Buffer.from([0x60, 0, 0, 0]),
    u16(chain.length + payload.length),
    Buffer.from([kinds[0] ?? protocol, hopLimit]),
    ...[ipv6Address(header.src), ipv6Address(header.dst), chain, payload],
  ]);
}

export interface Link {
  readonly dst: string;
  readonly src: string;
  /** EtherType and tag control, outermost first. */
  readonly tags?: readonly (readonly [type: number, tci: number])[];
}

export function ethernet({ dst, src, tags = [] }: Link, type: number, payload: Buffer): Buffer {
  const mac = (text: string) => Buffer.from(text.replaceAll(':', ''), 'hex');
  return Buffer.concat([mac(dst), mac(src), ...tags.flatMap((tag) => tag.map(u16)), u16(type), payload]);
}
