// What is recorded for recordings/: labs, and traffic in them.
import { type LabFault, type LabTopology, type LabTraffic, PRACTICE_FAULTS, PRACTICE_HOST } from '@hopscope/lab';

export interface Scene {
  /** Of the file. */
  readonly name: string;
  readonly title: string;
  readonly text: string;
  /** For the README. */
  readonly how: string;
  /** `docker`: the machine itself, with two containers of a real engine. */
  readonly topology: LabTopology | 'docker';
  readonly fault?: LabFault;
  /** Before the recording, so that neighbours are known. */
  readonly warmUp?: readonly LabTraffic[];
  /** One after the other. */
  readonly traffic: readonly LabTraffic[];
  readonly flags?: readonly string[];
}

const OUTSIDE = '198.51.100.9';
const WEB = '172.17.0.2';
const DB = '172.17.0.3';

const ping = (namespace: string, to: string, count = 5, ...flags: string[]): LabTraffic => ({
  namespace,
  argv: ['ping', '-n', '-q', '-i', '0.4', '-W', '1', ...flags, '-c', String(count), to],
});
/** Their image has no other ping than busybox'. */
const dockerPing = (namespace: string, to: string, count: number): LabTraffic => ({
  namespace,
  argv: ['ping', '-q', '-W', '1', '-c', String(count), to],
});
const inWords = ({ namespace, argv }: LabTraffic) =>
  `\`${argv.join(' ')}\` ${namespace === 'host' ? 'on the host' : `in ${namespace}`}`;

type Plain = Omit<Scene, 'how' | 'topology'> & Partial<Pick<Scene, 'topology'>>;

function scene({ topology = PRACTICE_HOST, ...plain }: Plain): Scene {
  const where =
    topology === 'docker'
      ? 'two containers of a real Docker engine'
      : topology === PRACTICE_HOST
        ? 'the practice host'
        : 'two nodes with a pod each';
  const fault = plain.fault === undefined ? '' : `, with the fault \`${plain.fault.name}\` (${plain.fault.summary})`;
  return { ...plain, topology, how: `${plain.traffic.map(inWords).join(', then ')}; ${where}${fault}.` };
}

function fault(name: string): LabFault {
  const found = PRACTICE_FAULTS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no fault ${name}`);
  return found;
}

function drop(name: string, title: string, text: string): Scene {
  const wrong = fault(name);
  const { namespace, kind, to, port, flags = [], size } = wrong.probe;
  const traffic: LabTraffic =
    kind === 'ping'
      ? ping(namespace, to, 3, ...flags, ...(size === undefined ? [] : ['-s', String(size)]))
      : { namespace, argv: ['bash', '-c', `for i in 1 2 3; do echo hello >/dev/udp/${to}/${port}; sleep 0.4; done`] };
  return scene({
    name: `drop-${name}`,
    title,
    text,
    fault: wrong,
    warmUp: [ping('web', OUTSIDE, 1), ping('web', DB, 1)],
    traffic: [traffic],
    ...(kind === 'udp' ? { flags: ['--filter-proto', 'icmp,udp'] } : {}),
  });
}

const node = (own: number, other: number) => ({
  name: `node${own}`,
  bridges: [{ name: 'cni0', ports: ['pod0', 'vxlan0'] }],
  links: { vxlan0: `type vxlan id 42 local 192.0.2.${own} remote 192.0.2.${other} dstport 4789` },
  mtu: { vxlan0: 1450, cni0: 1450, pod0: 1450 },
  addresses: { eth0: [`192.0.2.${own}/24`], cni0: [`10.244.0.${own}/24`] },
});
const pod = (own: number) => ({ name: `pod${own}`, mtu: { eth0: 1450 }, addresses: { eth0: [`10.244.0.1${own}/24`] } });

const TWO_NODES: LabTopology = {
  namespaces: [{ ...node(1, 2), host: true }, node(2, 1), pod(1), pod(2)],
  wires: [
    { a: 'node1/eth0', b: 'node2/eth0' },
    { a: 'node1/pod0', b: 'pod1/eth0' },
    { a: 'node2/pod0', b: 'pod2/eth0' },
  ],
};

export const SCENES: readonly Scene[] = [
  scene({
    name: 'localhost',
    title: 'Localhost',
    text: 'A container pings itself, over IPv4 and IPv6: each packet leaves by lo and comes in by lo.',
    traffic: [ping('web', '127.0.0.1', 4), ping('web', '::1', 4)],
  }),
  scene({
    name: 'docker',
    title: 'Docker containers',
    text: 'The host pings a container, and one container another, by the bridge of a real Docker engine.',
    topology: 'docker',
    warmUp: [dockerPing('host', WEB, 1), dockerPing('web', DB, 1)],
    traffic: [dockerPing('host', WEB, 4), dockerPing('web', DB, 4)],
  }),
  scene({
    name: 'containers',
    title: 'Container to container',
    text: 'Two containers on one bridge. The first packet asks for its neighbour’s address before it goes on.',
    traffic: [ping('web', DB, 6), ping('db', WEB, 3)],
  }),
  scene({
    name: 'nat',
    title: 'Out through NAT',
    text: 'A container pings the world: the host routes the packet and puts its own address in the place of the sender’s.',
    warmUp: [ping('web', OUTSIDE, 1)],
    traffic: [ping('web', OUTSIDE, 6)],
  }),
  scene({
    name: 'vxlan',
    title: 'Through a VXLAN tunnel',
    text: 'Two pods on two nodes: each packet is wrapped in UDP on the way, and unwrapped.',
    topology: TWO_NODES,
    warmUp: [ping('pod1', '10.244.0.12', 1)],
    traffic: [ping('pod1', '10.244.0.12', 6)],
  }),
  drop('forward-drop', 'A firewall rule drops it', 'The host does not forward these packets: the rule is shown.'),
  drop('no-route', 'No route', 'The host does not know where to send it, and says so to the sender.'),
  drop(
    'rp-filter',
    'Reverse path filter',
    'The sender’s address is not where it should be, so the host does not believe it.',
  ),
  drop(
    'udp-no-listener',
    'Nobody listens',
    'A UDP datagram arrives where no program waits for it: an ICMP error goes back.',
  ),
  scene({
    name: 'mixed',
    title: 'Some arrive, some do not',
    text: 'Two containers ping each other and the world, and one pings an address that the firewall does not let through.',
    warmUp: [ping('web', OUTSIDE, 1), ping('web', DB, 1)],
    traffic: [
      ping('web', DB, 3),
      ping('web', OUTSIDE, 3),
      ping('db', '203.0.113.66', 2),
      ping('db', WEB, 2),
      ping('web', OUTSIDE, 2),
    ],
  }),
  scene({
    name: 'flood',
    title: 'A short flood',
    text: 'Four hundred pings as fast as they go.',
    warmUp: [ping('web', OUTSIDE, 1)],
    traffic: [{ namespace: 'web', argv: ['ping', '-n', '-q', '-f', '-c', '400', OUTSIDE] }],
  }),
];
