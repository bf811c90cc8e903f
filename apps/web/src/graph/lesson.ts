// What a packet passes just now, explained in a sentence or two: for a class that watches. Pure.
import { type Crossing, type HeaderChange, hopChanges, type Journey } from '@hopscope/model';
import type { NetnsId } from '@hopscope/protocol';
import type { DeviceNode, Graph, NodeId } from './graph.ts';

export interface Lesson {
  /** The same for as long as it is about the same thing. */
  readonly key: string;
  readonly title: string;
  readonly text: string;
}

export interface LessonLeg {
  /** Nodes on the way, both ends included. */
  readonly nodes: readonly NodeId[];
  /** The crossing at its end; null where it ends in a stack, outside or in a drop. */
  readonly arrives: { readonly journey: Journey; readonly crossing: Crossing } | null;
  readonly isDropped: boolean;
}

/** Address translation before all else, then the wall, the bridge, the way out; a stack is where a packet begins and ends. */
export function lessonAt(leg: LessonLeg, graph: Graph, titleOf: (netns: NetnsId) => string): Lesson | null {
  const devices = leg.nodes.flatMap((node) => graph.devices.get(node) ?? []);
  const [first] = leg.nodes;
  const last = leg.nodes.at(-1);
  if (leg.isDropped) return DROPPED;
  const nat = leg.arrives === null ? undefined : translationOf(leg.arrives.journey, leg.arrives.crossing);
  if (nat !== undefined) return natLesson(nat);
  const pair = wallOf(devices);
  if (pair !== null) return wallLesson(pair, titleOf);
  const bridge = devices.find(({ shape }) => shape === 'bridge');
  if (bridge !== undefined) return bridgeLesson(bridge);
  if (leg.nodes.some((node) => node.startsWith('outside:'))) return OUTSIDE;
  const begins = first?.startsWith('stack:') === true;
  const ends = last?.startsWith('stack:') === true;
  if (begins || ends) return stackLesson(devices, begins, titleOf);
  if (leg.nodes.some((node) => node.startsWith('stack:'))) return ROUTED;
  return null;
}

const DROPPED: Lesson = {
  key: 'drop',
  title: 'Dropped',
  text: 'The kernel throws the packet away here, and says why. Nobody is told unless an ICMP error goes back.',
};
const OUTSIDE: Lesson = {
  key: 'outside',
  title: 'The way out',
  text: 'The packet leaves the machine by a real interface. What happens out there cannot be seen from here.',
};
const ROUTED: Lesson = {
  key: 'routed',
  title: 'Routing',
  text: 'The destination is not here: the IP stack looks it up in its routing table, lowers the TTL by one and sends the packet on.',
};

function translationOf(journey: Journey, crossing: Crossing): HeaderChange | undefined {
  const changes = hopChanges(journey, journey.crossings.indexOf(crossing));
  return changes.find(
    ({ field, before, after }) => (field === 'ip.src' || field === 'ip.dst') && before !== '' && after !== '',
  );
}

const natLesson = ({ field, before, after }: HeaderChange): Lesson => ({
  key: `nat ${before} ${after}`,
  title: 'NAT, address translation',
  text: `The ${field === 'ip.src' ? 'source' : 'destination'} address is rewritten: ${before} becomes ${after}. The kernel remembers the pair, and undoes it for the way back.`,
});

/** Two ends of a wire, in different namespaces. */
function wallOf(devices: readonly DeviceNode[]): readonly [DeviceNode, DeviceNode] | null {
  for (const [i, to] of devices.entries()) {
    const from = devices[i - 1];
    if (from !== undefined && from.peer === to.id && from.netns !== to.netns) return [from, to];
  }
  return null;
}

const wallLesson = ([from, to]: readonly [DeviceNode, DeviceNode], titleOf: (netns: NetnsId) => string): Lesson => ({
  key: `wall ${from.id} ${to.id}`,
  title: 'A veth pair, through the wall',
  text: `A namespace has its own interfaces, routes and firewall. A veth pair is a wire through its wall: what goes in at ${from.link.name} in ${titleOf(from.netns)} comes out at ${to.link.name} in ${titleOf(to.netns)}.`,
});

const bridgeLesson = ({ id, link }: DeviceNode): Lesson => ({
  key: `bridge ${id}`,
  title: 'A bridge',
  text: `${link.name} is a switch made of software. It reads the destination MAC address and passes the packet to the port behind which that address lives, or up to its own IP stack.`,
});

function stackLesson(
  devices: readonly DeviceNode[],
  begins: boolean,
  titleOf: (netns: NetnsId) => string,
): Lesson | null {
  const [device] = devices;
  if (device === undefined) return null;
  const title = titleOf(device.netns);
  return {
    key: `stack ${begins} ${device.netns}`,
    title: 'The IP stack',
    text: begins
      ? `The kernel in ${title} makes the packet. The routing table says by which interface it leaves: ${device.link.name}.`
      : `The packet has arrived in ${title}. The IP stack gives it to whoever waits for it, or answers it.`,
  };
}
