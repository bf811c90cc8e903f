// A small network for the tests of the kernel side: a routed way and a bridged way between two hosts.
//
//   left l0 ── r0 router r1 ── e0 right
//   left s0 ── p0 switch p1 ── s0 right
import { type Lab, type LabTopology, startLab } from '@hopscope/lab';

export const MAC = {
  l0: '02:00:00:00:01:01',
  r0: '02:00:00:00:01:ff',
  r1: '02:00:00:00:02:ff',
  e0: '02:00:00:00:02:01',
  leftS0: '02:00:00:00:03:01',
  rightS0: '02:00:00:00:03:02',
} as const;

export const IP = {
  left: '10.9.1.1',
  /** The router has not answered it with an error yet: Linux counts errors by address, and some kinds share the count. */
  leftToo: '10.9.1.2',
  router: '10.9.1.254',
  right: '10.9.2.1',
  left6: 'fd00:9:1::1',
  router6: 'fd00:9:1::ff',
  right6: 'fd00:9:2::1',
  /** On the bridged way. */
  leftS0: '10.9.3.1',
  rightS0: '10.9.3.2',
  leftS06: 'fd00:9:3::1',
  rightS06: 'fd00:9:3::2',
  /** Nobody has it; the router has no way to it. */
  nowhere: '198.51.100.7',
} as const;

const UNLIMITED_ERRORS = { 'net.ipv4.icmp_ratelimit': 0, 'net.ipv6.icmp.ratelimit': 0 };

const TOPOLOGY: LabTopology = {
  namespaces: [
    {
      name: 'left',
      addresses: {
        l0: [`${IP.left}/24`, `${IP.leftToo}/24`, `${IP.left6}/64`],
        s0: [`${IP.leftS0}/24`, `${IP.leftS06}/64`],
      },
      routes: [`default via ${IP.router}`, `default via ${IP.router6}`],
    },
    {
      name: 'router',
      addresses: { r0: [`${IP.router}/24`, `${IP.router6}/64`], r1: ['10.9.2.254/24', 'fd00:9:2::ff/64'] },
      sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1, ...UNLIMITED_ERRORS },
    },
    {
      name: 'right',
      addresses: {
        e0: [`${IP.right}/24`, `${IP.right6}/64`],
        s0: [`${IP.rightS0}/24`, `${IP.rightS06}/64`],
      },
      routes: ['default via 10.9.2.254', 'default via fd00:9:2::ff'],
      sysctls: UNLIMITED_ERRORS,
    },
    { name: 'switch', bridges: [{ name: 'br0', ports: ['p0', 'p1'] }] },
  ],
  wires: [
    { a: { namespace: 'left', name: 'l0', mac: MAC.l0 }, b: { namespace: 'router', name: 'r0', mac: MAC.r0 } },
    { a: { namespace: 'router', name: 'r1', mac: MAC.r1 }, b: { namespace: 'right', name: 'e0', mac: MAC.e0 } },
    { a: { namespace: 'left', name: 's0', mac: MAC.leftS0 }, b: { namespace: 'switch', name: 'p0' } },
    { a: { namespace: 'right', name: 's0', mac: MAC.rightS0 }, b: { namespace: 'switch', name: 'p1' } },
  ],
};

export interface KernelLab {
  readonly lab: Lab;
  /** Inode numbers of all its namespaces, to see nothing else of the machine. */
  readonly netns: readonly number[];
  inumOf(namespace: string): number;
}

export async function startKernelLab(): Promise<KernelLab> {
  const lab = await startLab(TOPOLOGY);
  return {
    lab,
    netns: lab.namespaces.map(({ inum }) => inum),
    inumOf: (namespace) => lab.namespaces.find(({ name }) => name === namespace)?.inum ?? 0,
  };
}
