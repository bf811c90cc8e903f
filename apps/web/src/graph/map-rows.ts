// The map as tables, for who cannot see it. Pure.
import type { Topology } from '@hopscope/protocol';
import { buildGraph } from './build.ts';
import { defaultGateway, describeDevice, describeNamespace } from './describe.ts';
import type { DeviceNode, Edge, Graph } from './graph.ts';

export interface MapTable {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Namespaces, interfaces, links: what is drawn as boxes, what stands in them, and the wires. */
export function mapTables(topology: Topology, titleOf: (netns: DeviceNode['netns']) => string): MapTable[] {
  const graph = buildGraph(topology);
  return [
    {
      caption: 'Namespaces',
      columns: ['name', 'what it is', 'inum', 'interfaces', 'default gateway'],
      rows: graph.namespaces.map((node) => [
        titleOf(node.id),
        describeNamespace(node).subtitle || 'this machine',
        String(node.namespace.inum),
        String(node.namespace.links.length),
        defaultGateway(node.namespace) || 'none',
      ]),
    },
    {
      caption: 'Interfaces',
      columns: ['namespace', 'name', 'kind', 'state', 'addresses', 'MAC', 'MTU', 'port of'],
      rows: graph.namespaces.flatMap((node) =>
        node.namespace.links.map((link) => {
          const device = node.devices.find((each) => each.link === link);
          const master = node.namespace.links.find(({ ifindex }) => ifindex === link.master);
          return [
            titleOf(node.id),
            link.name,
            device === undefined ? link.kind : describeDevice(device).kind,
            link.up ? link.operstate || 'up' : 'down',
            link.addresses.map(({ address, prefix }) => `${address}/${prefix}`).join(', '),
            link.kind === 'loopback' ? '' : link.mac,
            String(link.mtu),
            master?.name ?? '',
          ];
        }),
      ),
    },
    {
      caption: 'Links',
      columns: ['from', 'to', 'what it is'],
      rows: graph.edges.flatMap((edge) => {
        const text = EDGES[edge.kind];
        return text === '' ? [] : [[endOf(edge.a, graph, titleOf), endOf(edge.b, graph, titleOf), text]];
      }),
    },
  ];
}

/** Those inside of one box are no links between interfaces. */
const EDGES: Readonly<Record<Edge['kind'], string>> = {
  stack: '',
  loop: '',
  veth: 'veth pair: what goes in at one end comes out at the other',
  plug: 'plugged in as a port',
  lower: 'rides on it',
  uplink: 'leads out of this machine',
};

function endOf(node: string, graph: Graph, titleOf: (netns: DeviceNode['netns']) => string): string {
  const device = graph.devices.get(node);
  return device === undefined ? 'outside' : `${device.link.name} in ${titleOf(device.netns)}`;
}
