// Tunnel headers: what carries a packet inside another one. Reads only inside the bytes given.
import { type IpHeader, PROTOCOL_UDP, u16 } from './ip-header.ts';

/** A header in front of the packet that is followed: who carries it where. */
export interface Tunnel {
  /** `vxlan`, `geneve`, `gre`, `ipip`, `sit`, `ip6tnl`, … */
  readonly kind: string;
  readonly src: string;
  readonly dst: string;
  /** VNI or key; null where there is none. */
  readonly id: number | null;
}

/** Where a tunnel's header ends, and what stands there. */
export interface Inside {
  readonly kind: string;
  readonly id: number | null;
  /** Offset of the inner IP header, or of the inner MAC header where there is one; may lie past the end of the bytes. */
  readonly at: number;
  readonly hasMac: boolean;
}

const PROTOCOL_IPIP = 4;
const PROTOCOL_IPV6 = 41;
const PROTOCOL_GRE = 47;

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const ETHERTYPE_BRIDGED = 0x6558; // transparent Ethernet bridging: a whole frame with its MAC header

const UDP_BYTES = 8;
/** RFC 7348's port, and the one that Linux took before there was one and keeps as its default. */
const VXLAN_PORTS = new Set([4789, 8472]);
const VXLAN_BYTES = 8;
/** The VNI is valid, and it is no VXLAN-GPE (0x04), which may carry anything. */
const VXLAN_HAS_VNI = 0x08;
const VXLAN_KIND = 0x0c;
const GENEVE_PORT = 6081;
const GENEVE_BYTES = 8;
const GRE_BYTES = 4;
const GRE_CHECKSUM = 0x8000;
const GRE_ROUTING = 0x4000;
const GRE_KEY = 0x2000;
const GRE_SEQUENCE = 0x1000;
const GRE_VERSION = 0x0007;

/**
 * What `outer` carries; null when it is no tunnel that we know, `cut` when it is one whose header the bytes do not hold.
 * @param isCut there were more headers than the bytes hold
 */
export function readTunnel(bytes: Uint8Array, outer: IpHeader, isCut: boolean): Inside | 'cut' | null {
  const at = outer.payload;
  switch (outer.protocol) {
    case PROTOCOL_IPIP:
      return { kind: outer.family === 4 ? 'ipip' : 'ip6tnl', id: null, at, hasMac: false };
    case PROTOCOL_IPV6:
      return { kind: outer.family === 4 ? 'sit' : 'ip6tnl', id: null, at, hasMac: false };
    case PROTOCOL_GRE:
      return readGre(bytes, at);
    case PROTOCOL_UDP:
      return readUdpTunnel(bytes, at, isCut);
    default:
      return null;
  }
}

function readUdpTunnel(bytes: Uint8Array, udp: number, isCut: boolean): Inside | 'cut' | null {
  const port = u16(bytes, udp + 2);
  const at = udp + UDP_BYTES;
  // Anybody may use the port, as NAT does. The kernel side has looked at what follows: it sends more when that is a tunnel's header.
  if (at >= bytes.length && !isCut) return null;
  if (VXLAN_PORTS.has(port)) {
    if (at + VXLAN_BYTES > bytes.length) return 'cut';
    // Anybody may use the port: the flags tell.
    if (((bytes[at] ?? 0) & VXLAN_KIND) !== VXLAN_HAS_VNI) return null;
    return { kind: 'vxlan', id: u24(bytes, at + 4), at: at + VXLAN_BYTES, hasMac: true };
  }
  if (port !== GENEVE_PORT) return null;
  if (at + GENEVE_BYTES > bytes.length) return 'cut';
  const version = (bytes[at] ?? 0) >> 6;
  const hasMac = macOf(u16(bytes, at + 2));
  if (version !== 0 || hasMac === null) return null;
  const optionBytes = ((bytes[at] ?? 0) & 0x3f) * 4;
  return { kind: 'geneve', id: u24(bytes, at + 4), at: at + GENEVE_BYTES + optionBytes, hasMac };
}

function readGre(bytes: Uint8Array, at: number): Inside | 'cut' | null {
  if (at + GRE_BYTES > bytes.length) return 'cut';
  const flags = u16(bytes, at);
  const hasMac = macOf(u16(bytes, at + 2));
  if ((flags & (GRE_ROUTING | GRE_VERSION)) !== 0 || hasMac === null) return null;
  let end = at + GRE_BYTES + ((flags & GRE_CHECKSUM) === 0 ? 0 : 4);
  let id: number | null = null;
  if ((flags & GRE_KEY) !== 0) {
    if (end + 4 > bytes.length) return 'cut';
    id = u16(bytes, end) * 0x1_0000 + u16(bytes, end + 2);
    end += 4;
  }
  if ((flags & GRE_SEQUENCE) !== 0) end += 4;
  return { kind: 'gre', id, at: end, hasMac };
}

/** Whether a payload of this EtherType begins with a MAC header; null when it is no IP either. */
function macOf(etherType: number): boolean | null {
  if (etherType === ETHERTYPE_BRIDGED) return true;
  return etherType === ETHERTYPE_IPV4 || etherType === ETHERTYPE_IPV6 ? false : null;
}

function u24(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) * 0x100 + (bytes[at + 2] ?? 0);
}
