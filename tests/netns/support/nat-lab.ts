// A host that translates addresses, with two containers on its bridge and the world outside; and what its kernel says it translated.
//
//   web ─┐
//        docker0 (host) ── eth0 ── outside
//   db ──┘
import { existsSync } from 'node:fs';
import { type Lab, type LabTopology, startLab } from '@hopscope/lab';
import { expect } from 'vitest';
import { runIn } from './run.ts';

export const WEB = '172.17.0.2';
export const DB = '172.17.0.3';
/** The host's, as the outside knows it. */
export const PUBLIC = '192.0.2.2';
export const OUTSIDE = '198.51.100.9';

/** The kernel would make redirects for what leaves by the bridge it came in by, and drop them itself, being translated. */
const NO_REDIRECTS = { 'net.ipv4.conf.all.send_redirects': 0, 'net.ipv4.conf.docker0.send_redirects': 0 };

/** Where the machine has br_netfilter, a bridge translates by itself, each way differently: here it only bridges. */
const BRIDGE_SYSCTL = 'net.bridge.bridge-nf-call-iptables';
const bridgeSysctls: Record<string, number> = existsSync(`/proc/sys/${BRIDGE_SYSCTL.replaceAll('.', '/')}`)
  ? { [BRIDGE_SYSCTL]: 0 }
  : {};

/** Longer than any case takes: the kernel forgets an ICMP exchange after 30 s. */
const REMEMBERED_S = 600;

const TOPOLOGY: LabTopology = {
  namespaces: [
    {
      name: 'host',
      host: true,
      bridges: [{ name: 'docker0', ports: ['veth-web', 'veth-db'] }],
      addresses: { docker0: ['172.17.0.1/16'], eth0: [`${PUBLIC}/24`] },
      routes: ['default via 192.0.2.1'],
      sysctls: { 'net.ipv4.ip_forward': 1, ...NO_REDIRECTS, ...bridgeSysctls },
    },
    { name: 'web', addresses: { eth0: [`${WEB}/16`] }, routes: ['default via 172.17.0.1'] },
    { name: 'db', addresses: { eth0: [`${DB}/16`] }, routes: ['default via 172.17.0.1'] },
    { name: 'outside', addresses: { lo: [`${OUTSIDE}/32`], lan0: ['192.0.2.1/24'] } },
  ],
  wires: [
    { a: 'host/veth-web', b: 'web/eth0' },
    { a: 'host/veth-db', b: 'db/eth0' },
    { a: 'host/eth0', b: 'outside/lan0' },
  ],
};

/** @param chains nat chains of a table of the host, as nft takes them */
export async function startNatLab(chains: string): Promise<Lab> {
  const lab = await startLab(TOPOLOGY);
  const nft = await runIn(lab, 'host', ['nft', '-f', '-'], `table ip case {\n${chains}\n}\n`);
  expect(nft).toEqual({ status: 0, text: '' });
  const settings = '/proc/sys/net/netfilter/nf_conntrack';
  const remember = `echo ${REMEMBERED_S} >${settings}_icmp_timeout; echo ${REMEMBERED_S} >${settings}_udp_timeout`;
  expect(await runIn(lab, 'host', ['sh', '-c', remember])).toEqual({ status: 0, text: '' });
  return lab;
}

/** The devices on the way from a container to the outside, and back. */
export const outwards = (container: string): string[] => [
  `${container}/eth0 out`,
  `host/veth-${container} in`,
  'host/docker0 in',
  'host/eth0 out',
  'outside/lan0 in',
];
export const inwards = (container: string): string[] => [
  'outside/lan0 out',
  'host/eth0 in',
  'host/docker0 out',
  `host/veth-${container} out`,
  `${container}/eth0 in`,
];

/** Both ends of a packet; the numbers are UDP ports, or the ICMP id twice. */
export interface Ends {
  readonly src: string;
  readonly dst: string;
  readonly from: number;
  readonly to: number;
}

export const endsText = ({ src, dst, from, to }: Ends) => `${src} ${from} > ${dst} ${to}`;

/** The host's table of connections: a packet's ends before NAT, as `endsText` → its ends behind it. */
export async function readConntrack(lab: Lab, protocol: 'icmp' | 'udp'): Promise<Map<string, Ends>> {
  const { text } = await runIn(lab, 'host', ['cat', '/proc/net/nf_conntrack']);
  const pairs = new Map<string, Ends>();
  for (const line of text.split('\n').filter((each) => new RegExp(`\\b${protocol}\\b`).test(each))) {
    const all = (field: string) => [...line.matchAll(new RegExp(`\\b${field}=(\\S+)`, 'g'))].map(([, it]) => it ?? '');
    const [src, dst] = [all('src'), all('dst')];
    const [from, to] = protocol === 'udp' ? [all('sport'), all('dport')] : [all('id'), all('id')];
    const before = { src: src[0] ?? '', dst: dst[0] ?? '', from: Number(from[0]), to: Number(to[0]) };
    // The second of each is of the reply as it is awaited behind the NAT: mirrored.
    pairs.set(endsText(before), { src: dst[1] ?? '', dst: src[1] ?? '', from: Number(to[1]), to: Number(from[1]) });
  }
  return pairs;
}
