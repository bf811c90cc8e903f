// An exchange as a tree: request and reply, in each the namespaces in order, in each the devices that were crossed. A flooded frame
// forks; what runs in a tunnel stands below it; NAT, drops and the errors about a packet stand where they happened.
import {
  type Crossing,
  type Drop,
  type Exchange,
  icmpErrorText,
  type Journey,
  parentOf,
  quotedJourney,
  wholeCrossings,
} from '@hopscope/model';
import type { Hop, NetnsId } from '@hopscope/protocol';
import type { Colors } from 'picocolors/types';
import { printable } from '../lib/printable.ts';
import type { Glyphs } from './glyphs.ts';
import type { Surroundings } from './surroundings.ts';
import { type TreeNode, treeLines } from './tree-text.ts';
import {
  echoLabel,
  isSameTuple,
  joinWords,
  micros,
  placeOf,
  routeOf,
  stageWord,
  subjectOf,
  tuple,
  verdictWords,
} from './words.ts';

export interface TreeContext {
  readonly surroundings: Surroundings;
  readonly glyphs: Glyphs;
  readonly colors: Colors;
  /** ns since the epoch of packet time 0 */
  readonly epochNs: bigint;
}

/** The exchange's heading and its tree, ready to print. */
export function exchangeTree(exchange: Exchange, context: TreeContext): string[] {
  const { glyphs, colors } = context;
  return [heading(exchange, context), ...treeLines(journeyNodes(exchange, context), glyphs, colors.dim)];
}

function heading(exchange: Exchange, { surroundings, glyphs, colors, epochNs }: TreeContext): string {
  const { verdict, rttNs } = exchange;
  const isGood = verdict === 'replied' || verdict === 'delivered';
  const isBad = verdict === 'dropped' || verdict === 'error';
  const paint = isGood ? colors.green : isBad ? colors.red : colors.yellow;
  const mark = isGood ? glyphs.ok : isBad ? glyphs.bad : glyphs.unsure;
  const route = routeOf(exchange, surroundings, glyphs);
  const took = rttNs === null ? '' : ` in ${micros(rttNs)} ${glyphs.micros}`;
  const notes = [
    `${verdictWords(verdict)}${took}`,
    exchange.isOtherWayBack === true ? 'reply took another way' : '',
    joinWords(exchange.join) === '' ? '' : `weakest join: ${joinWords(exchange.join)}`,
    exchange.incomplete ? 'incomplete: records were missed' : '',
  ].filter((note) => note !== '');
  const subject = `${subjectOf(exchange, glyphs)}${route === '' ? '' : ` (${route})`}`;
  const time = colors.dim(wallTime(epochNs + BigInt(Math.round(exchange.startNs))));
  return `${paint(mark)} ${colors.bold(subject)}  ${paint(notes.join(', '))}  ${time}`;
}

/** `2026-07-30T14:22:07.123456Z` */
function wallTime(ns: bigint): string {
  const seconds = new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${String((ns / 1000n) % 1_000_000n).padStart(6, '0')}Z`;
}

function journeyNodes(exchange: Exchange, context: TreeContext): TreeNode[] {
  const { request, reply, errors } = exchange;
  const nodesOf = (journey: Journey): TreeNode[] => {
    const about = errors.filter((error) => quotedJourney(error, exchange) === journey);
    const ends = [
      ...(journey.drop === null ? [] : [{ t: journey.drop.t, node: dropNode(exchange, journey.drop, context) }]),
      ...about.map((error) => ({ t: error.startNs, node: errorNode(exchange, error, journey, context) })),
    ];
    return [
      ...wayNodes(exchange, journey, context),
      ...ends.sort((a, b) => a.t - b.t).map(({ node }) => node),
      ...(journey === request ? unansweredNodes(exchange, context) : []),
    ];
  };
  // One packet, nothing awaited: its way stands right below the heading.
  if (exchange.kind !== 'echo' && request !== null && reply === null) return nodesOf(request);
  const orphans = errors.filter((error) => quotedJourney(error, exchange) === null);
  return [
    ...(request === null ? [] : [sectionOf('request', request, nodesOf(request), context)]),
    ...(reply === null ? [] : [sectionOf('reply', reply, nodesOf(reply), context)]),
    ...orphans.map((error) => errorNode(exchange, error, null, context)),
  ];
}

function sectionOf(name: 'request' | 'reply', journey: Journey, children: TreeNode[], context: TreeContext): TreeNode {
  const { colors, glyphs } = context;
  const addresses = name === 'reply' ? ` ${journey.src} ${glyphs.arrow} ${journey.dst}` : '';
  const paint = name === 'request' ? colors.cyan : colors.green;
  return plain(`${name}${addresses}`, paint, children);
}

function errorNode(exchange: Exchange, error: Journey, about: Journey | null, context: TreeContext): TreeNode {
  const drop = error.drop === null ? [] : [dropNode(exchange, error.drop, context)];
  const children = [...wayNodes(exchange, error, context), ...drop];
  return plain(errorTitle(error, about, context), context.colors.yellow, children);
}

/** The error's words, who sent it to whom, and what it quotes where that is not what it stands below. */
function errorTitle(error: Journey, about: Journey | null, { glyphs }: TreeContext): string {
  const packet = error.crossings[0]?.packet ?? error.drop?.packet;
  const { icmp, quoted, mtu } = packet ?? { icmp: null, quoted: null, mtu: null };
  const what = icmp === null ? 'ICMP error' : icmpErrorText(error.family, icmp.type, icmp.code);
  const size = mtu === null || mtu === 0 ? '' : `, next-hop MTU ${mtu}`;
  const isPlain = quoted !== null && about !== null && quoted.src === about.src && quoted.dst === about.dst;
  const echo = quoted?.icmp == null ? '' : ` ${echoLabel(quoted.icmp)}`;
  const quote = quoted === null || isPlain ? '' : `, quoting ${tuple(quoted, glyphs.arrow)}${echo}`;
  return `error: ${what}${size}, ${error.src} ${glyphs.arrow} ${error.dst}${quote}`;
}

/** A journey's way, as far as it was seen. */
function wayNodes(exchange: Exchange, journey: Journey, context: TreeContext): TreeNode[] {
  const leading = wholeCrossings(journey.crossings);
  const crossings = leading.length === 0 ? journey.crossings : leading;
  const parents = crossings.map((_, i) => (i === 0 ? -1 : parentOf(crossings, i)));
  const children = crossings.map((_, i) => parents.flatMap((parent, child) => (parent === i ? [child] : [])));
  const way: Way = { crossings, parents, children, startNs: exchange.startNs, context };
  return [
    ...(crossings.length === 0 ? [] : chainNodes(way, 0, null)),
    ...fragmentNodes(exchange, journey, crossings, context),
  ];
}

interface Way {
  readonly crossings: readonly Crossing[];
  readonly parents: readonly number[];
  readonly children: readonly (readonly number[])[];
  readonly startNs: number;
  readonly context: TreeContext;
}

/** From crossing `first` on until it ends or forks. @param netns the namespace that the lines above are already in */
function chainNodes(way: Way, first: number, netns: NetnsId | null): TreeNode[] {
  const chain = [first];
  for (let next = way.children[first] ?? []; next.length === 1; next = way.children[next[0] as number] ?? []) {
    chain.push(next[0] as number);
  }
  const { surroundings, colors } = way.context;
  const nodes: TreeNode[] = [];
  for (const stay of groupBy(chain, (i) => way.crossings[i]?.netns ?? null)) {
    const here = way.crossings[stay[0] as number] as Crossing;
    const inside = tunnelNodes(way, stay, 0);
    if (here.netns === netns && nodes.length === 0) nodes.push(...inside);
    else {
      const title = printable(surroundings.netnsName(here.netns));
      nodes.push(plain(title === '' ? `net:[${here.netnsInum}]` : title, colors.bold, inside));
    }
  }
  return nodes;
}

/** Consecutive crossings inside the same tunnel stand below it. */
function tunnelNodes(way: Way, stay: readonly number[], depth: number): TreeNode[] {
  const { glyphs, colors } = way.context;
  const tunnelOf = (i: number) => {
    const tunnel = way.crossings[i]?.packet.outer[depth];
    if (tunnel === undefined) return '';
    return `in ${tunnel.kind}${tunnel.id === null ? '' : ` ${tunnel.id}`} ${tunnel.src} ${glyphs.arrow} ${tunnel.dst}`;
  };
  return groupBy(stay, tunnelOf).flatMap((group) => {
    const title = tunnelOf(group[0] as number);
    if (title !== '') return [plain(title, colors.magenta, tunnelNodes(way, group, depth + 1))];
    return group.flatMap((i) => crossingNodes(way, i));
  });
}

function crossingNodes(way: Way, i: number): TreeNode[] {
  const crossing = way.crossings[i] as Crossing;
  const before = way.crossings[way.parents[i] as number];
  const { glyphs, colors } = way.context;
  const forks = way.children[i] ?? [];
  const branches = forks.length < 2 ? [] : forks.map((child) => branchNode(way, child, crossing.netns));
  const node: TreeNode = {
    label: `${crossing.ifname === '' ? '-' : printable(crossing.ifname)} ${crossing.way}`,
    paint: (text) => text,
    sinceNs: crossing.t - way.startNs,
    detail: [
      stageText(crossing.hops, way.context),
      ...(before !== undefined && before.packet.ttl !== crossing.packet.ttl ? [`ttl ${crossing.packet.ttl}`] : []),
      ...vlanText(crossing, before),
      ...(joinWords(crossing.join) === '' ? [] : [colors.yellow(`[${joinWords(crossing.join)}]`)]),
      ...(forks.length < 2 ? [] : [colors.yellow(`to ${forks.length} ports at once`)]),
    ].join('  '),
    children: branches,
  };
  if (before === undefined || isSameTuple(before.packet, crossing.packet)) return [node];
  return [natNode(before, crossing, glyphs, colors), node];
}

function branchNode(way: Way, first: number, netns: NetnsId): TreeNode {
  const [head, ...rest] = chainNodes(way, first, netns);
  const node = head as TreeNode;
  return { ...node, children: [...node.children, ...rest] };
}

function natNode(before: Crossing, after: Crossing, glyphs: Glyphs, colors: Colors): TreeNode {
  const face = ({ packet }: Crossing) =>
    `${tuple(packet, glyphs.arrow)}${before.packet.icmp?.id === after.packet.icmp?.id ? '' : ` id ${packet.icmp?.id}`}`;
  return plain(`nat: ${face(before)} becomes ${face(after)}`, colors.magenta, []);
}

/** `queued → +34.9 transmitted` */
function stageText(hops: readonly Hop[], { glyphs, colors }: TreeContext): string {
  return hops
    .map(({ stage, t }, i) => {
      const word = stageWord(stage);
      return i === 0 ? word : `${glyphs.arrow} +${micros(t - (hops[i - 1] as Hop).t)} ${word}`;
    })
    .map(colors.dim)
    .join(' ');
}

function vlanText({ packet }: Crossing, before: Crossing | undefined): string[] {
  const text = packet.vlans.join('.');
  return text === (before?.packet.vlans.join('.') ?? '') ? [] : [text === '' ? 'untagged' : `vlan ${text}`];
}

/** Later fragments travel beside the first and may be dozens: a line for all. */
function fragmentNodes(
  exchange: Exchange,
  journey: Journey,
  shown: readonly Crossing[],
  { colors, surroundings }: TreeContext,
): TreeNode[] {
  const later = journey.crossings.filter((crossing) => !shown.includes(crossing));
  const last = later[later.length - 1];
  if (last === undefined) return [];
  const offsets = new Set(later.map(({ packet }) => packet.fragment?.offsetBytes)).size;
  const label = `${offsets} later fragment${offsets === 1 ? '' : 's'}, last ${placeOf(last, surroundings)}`;
  return [{ ...plain(label, colors.blue, []), sinceNs: last.t - exchange.startNs }];
}

function dropNode(exchange: Exchange, drop: Drop, context: TreeContext): TreeNode {
  const { surroundings, glyphs, colors } = context;
  const where = drop.location === '' ? '' : ` at ${printable(drop.location)}`;
  const { sentence } = drop === exchange.drop ? surroundings.explain(exchange) : { sentence: '' };
  return {
    label: `${glyphs.bad} dropped ${placeOf(drop, surroundings)}`,
    paint: colors.red,
    sinceNs: drop.t - exchange.startNs,
    detail: colors.red(`${printable(drop.reason)}${where}`),
    children: sentence === '' ? [] : [plain(printable(sentence), (text) => text, [])],
  };
}

/** Why nobody answers a request that arrived, where that is known. */
function unansweredNodes(exchange: Exchange, { surroundings }: TreeContext): TreeNode[] {
  const sentence = exchange.drop === null ? surroundings.explain(exchange).sentence : '';
  return sentence === '' ? [] : [plain(printable(sentence), (text) => text, [])];
}

function plain(label: string, paint: (text: string) => string, children: readonly TreeNode[]): TreeNode {
  return { label, paint, sinceNs: null, detail: '', children };
}

/** Runs of neighbours with the same key. */
function groupBy<T>(items: readonly T[], keyOf: (item: T) => unknown): T[][] {
  const groups: T[][] = [];
  for (const item of items) {
    const group = groups[groups.length - 1];
    if (group !== undefined && keyOf(group[0] as T) === keyOf(item)) group.push(item);
    else groups.push([item]);
  }
  return groups;
}
