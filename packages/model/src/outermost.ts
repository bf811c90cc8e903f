// What the kernel looks at when it routes, filters or refuses a packet: the header in front, which in a tunnel is not the packet's own.
import type { Packet } from './packet.ts';

export interface Outermost {
  readonly family: 4 | 6;
  /** Of a tunnel without UDP its kind: gre, ipip, sit, ip6tnl. */
  readonly protocol: string;
  readonly src: string;
  readonly dst: string;
  /** Null in a tunnel, where it is not read. So are the fields below. */
  readonly ipId: number | null;
  readonly mac: Packet['mac'];
  readonly icmp: Packet['icmp'];
  readonly ports: Packet['ports'];
}

const UDP_TUNNELS: ReadonlySet<string> = new Set(['vxlan', 'geneve']);
const NOT_READ = { ipId: null, mac: null, icmp: null, ports: null };

export function outermostOf(packet: Packet): Outermost {
  const [tunnel] = packet.outer;
  if (tunnel === undefined) return packet;
  const { kind, src, dst } = tunnel;
  return { family: src.includes(':') ? 6 : 4, protocol: UDP_TUNNELS.has(kind) ? 'udp' : kind, src, dst, ...NOT_READ };
}
