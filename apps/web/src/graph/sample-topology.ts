// Invented machines for tests: a host with bridges, containers, and whatever a test adds.
import type { Link, Namespace, NetnsId, Topology } from '@hopscope/protocol';
import { netnsId } from '@hopscope/protocol';

const sampleNetns = (number: number): NetnsId => netnsId(String(number), 4026531000 + number);
const HOST = sampleNetns(1);

function sampleLink(ifindex: number, name: string, fields: Partial<Link> = {}): Link {
  return {
    ifindex,
    name,
    kind: 'veth',
    type: 1,
    mac: '02:42:ac:11:00:02',
    mtu: 1500,
    up: true,
    operstate: 'up',
    master: 0,
    portState: '',
    peer: null,
    addresses: [],
    vlanId: 0,
    vxlanId: 0,
    vxlanRemote: '',
    ...fields,
  };
}

function sampleLoopback(): Link {
  const addresses: Link['addresses'] = [{ family: 4, address: '127.0.0.1', prefix: 8, scope: 'host' }];
  return sampleLink(1, 'lo', { kind: 'loopback', type: 772, mtu: 65536, operstate: 'unknown', addresses });
}

export function sampleNamespace(
  number: number,
  title: string,
  links: Link[],
  fields: Partial<Namespace> = {},
): Namespace {
  return {
    id: sampleNetns(number),
    inum: 4026531000 + number,
    cookie: String(number),
    host: false,
    names: [{ text: title, source: 'docker', image: 'nginx:1.27', project: '' }],
    links: [sampleLoopback(), ...links],
    defaultRoutes: [],
    ...fields,
  };
}

const address = (text: string, prefix: number): Link['addresses'] => [
  { family: 4, address: text, prefix, scope: 'global' },
];

/** A container `number` ≥ 2 with one wire to each of the given bridges (0, 1, …). */
export interface SampleContainer {
  readonly number: number;
  readonly bridges: readonly number[];
}

const bridgeIfindex = (bridge: number): number => 10 + bridge;
const portIfindex = (container: number, bridge: number): number => 100 + container * 10 + bridge;

/** `172.(17 + bridge).0.number` */
const containerAddress = (number: number, bridge = 0): string => `172.${17 + bridge}.0.${number}`;

/** A host with eth0 to the outside, `bridges` bridges, and the given containers. */
export function sampleTopology(bridges: number, containers: readonly SampleContainer[]): Topology {
  const hostLinks = [sampleLink(2, 'eth0', { kind: 'physical', addresses: address('192.168.1.7', 24) })];
  for (let bridge = 0; bridge < bridges; bridge++) {
    const name = bridge === 0 ? 'docker0' : `br-${bridge}`;
    const addresses = address(`172.${17 + bridge}.0.1`, 16);
    hostLinks.push(sampleLink(bridgeIfindex(bridge), name, { kind: 'bridge', addresses }));
  }
  const namespaces = containers.map(({ number, bridges: on }) => {
    const links = on.map((bridge, k) => {
      const ifindex = portIfindex(number, bridge);
      const peer = { netns: sampleNetns(number), ifindex: 2 + k };
      hostLinks.push(
        sampleLink(ifindex, `veth${ifindex}`, { master: bridgeIfindex(bridge), portState: 'forwarding', peer }),
      );
      const addresses = address(containerAddress(number, bridge), 16);
      return sampleLink(2 + k, `eth${k}`, { peer: { netns: HOST, ifindex }, addresses });
    });
    const defaultRoutes = on.map((bridge, k) => ({
      family: 4 as const,
      gateway: `172.${17 + bridge}.0.1`,
      ifindex: 2 + k,
      metric: 0,
    }));
    return sampleNamespace(number, `app-${number}`, links, { defaultRoutes });
  });
  const host = sampleNamespace(1, 'host', hostLinks, {
    host: true,
    names: [{ text: 'build-7', source: 'own', image: '', project: '' }],
    defaultRoutes: [{ family: 4, gateway: '192.168.1.1', ifindex: 2, metric: 100 }],
  });
  return { namespaces: [host, ...namespaces] };
}

/** The host's eth0 is a veth to a namespace in the outside's place. */
export function withRouter(topology: Topology, number: number): Topology {
  const router = sampleNamespace(
    number,
    'router',
    [
      sampleLink(2, 'lan', {
        peer: { netns: HOST, ifindex: 2 },
        addresses: address('192.168.1.1', 24),
      }),
    ],
    { names: [{ text: 'router', source: 'lab', image: '', project: '' }] },
  );
  const namespaces = topology.namespaces.map((namespace) => {
    if (!namespace.host) return namespace;
    const links = namespace.links.map((link) =>
      link.name === 'eth0' ? { ...link, kind: 'veth', peer: { netns: sampleNetns(number), ifindex: 2 } } : link,
    );
    return { ...namespace, links };
  });
  return { namespaces: [...namespaces, router] };
}

/** Ports of docker0 whose other end is no namespace: taps of virtual machines. */
export function withTaps(topology: Topology, count: number): Topology {
  const taps = Array.from({ length: count }, (_, i) =>
    sampleLink(900 + i, `vnet${i}`, { kind: 'tun', master: bridgeIfindex(0), portState: 'forwarding' }),
  );
  const namespaces = topology.namespaces.map((each) =>
    each.host ? { ...each, links: [...each.links, ...taps] } : each,
  );
  return { namespaces };
}

/** Namespaces wired to each other but not to the host: a hub with a bridge and `count` others on it. */
export function withIsland(topology: Topology, count: number): Topology {
  const hubNumber = 200;
  const numbers = Array.from({ length: count }, (_, i) => hubNumber + 1 + i);
  const ports = numbers.map((number, i) =>
    sampleLink(10 + i, `port${i}`, { master: 9, peer: { netns: sampleNetns(number), ifindex: 2 } }),
  );
  const hub = sampleNamespace(hubNumber, 'isle-hub', [sampleLink(9, 'br0', { kind: 'bridge' }), ...ports]);
  const others = numbers.map((number, i) =>
    sampleNamespace(number, `isle-${i}`, [sampleLink(2, 'eth0', { peer: { netns: hub.id, ifindex: 10 + i } })]),
  );
  return { namespaces: [...topology.namespaces, hub, ...others] };
}

/** Namespace 150, with one device of each kind that the map tells apart, wired as the kernel wires them. */
export function sampleKinds(topology: Topology = { namespaces: [] }): Topology {
  const riding = (ifindex: number): Partial<Link> => ({ peer: { netns: sampleNetns(150), ifindex } });
  const host = sampleNamespace(
    150,
    'kinds',
    [
      sampleLink(2, 'ens3', { kind: 'physical', addresses: address('192.168.7.7', 24) }),
      sampleLink(3, 'ens4', { kind: 'physical', master: 5 }),
      sampleLink(4, 'ens5', { kind: 'physical', master: 5 }),
      sampleLink(5, 'bond0', { kind: 'bond', addresses: address('10.1.0.7', 24) }),
      sampleLink(6, 'bond0.20', { kind: 'vlan', vlanId: 20, addresses: address('10.20.0.7', 24), ...riding(5) }),
      sampleLink(7, 'macvlan0', { kind: 'macvlan', addresses: address('192.168.7.8', 24), ...riding(2) }),
      sampleLink(8, 'vxlan42', {
        kind: 'vxlan',
        vxlanId: 42,
        vxlanRemote: '192.168.7.9',
        mtu: 1450,
        master: 10,
        ...riding(2),
      }),
      sampleLink(9, 'tap0', { kind: 'tun', master: 10 }),
      sampleLink(10, 'br0', { kind: 'bridge', addresses: address('10.42.0.1', 16) }),
      sampleLink(11, 'tun0', { kind: 'tun', type: 65534, mac: '', addresses: address('10.8.0.2', 24) }),
      sampleLink(12, 'wg0', { kind: 'wireguard', type: 65534, mac: '', addresses: address('10.9.0.2', 24) }),
      sampleLink(13, 'veth-a', { peer: { netns: sampleNetns(150), ifindex: 14 } }),
      sampleLink(14, 'veth-b', { peer: { netns: sampleNetns(150), ifindex: 13 } }),
      sampleLink(15, 'dummy0', { kind: 'dummy', addresses: address('10.0.99.1', 32) }),
      sampleLink(16, 'ipvlan0', { kind: 'ipvlan', addresses: address('192.168.7.11', 24), ...riding(2) }),
    ],
    {
      host: topology.namespaces.length === 0,
      names: [{ text: 'kinds', source: 'own', image: '', project: '' }],
      defaultRoutes: [{ family: 4, gateway: '192.168.7.1', ifindex: 2, metric: 100 }],
    },
  );
  return { namespaces: [...topology.namespaces, host] };
}
