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
