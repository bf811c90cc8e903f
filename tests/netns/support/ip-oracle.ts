// What `ip` says about a namespace, put into the words of the inventory. The only program here that knows both.
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { promisify } from 'node:util';
import type { AddressFacts, LinkFacts, RouteFacts } from '@hopscope/native';

const execute = promisify(execFile);

/** Without `peerNetnsInum` where ip has no name for the peer's namespace: a container of somebody else's. */
type IpLinkFacts = Omit<LinkFacts, 'peerNetnsInum'> & Partial<Pick<LinkFacts, 'peerNetnsInum'>>;

export interface IpFacts {
  readonly links: IpLinkFacts[];
  readonly defaultRoutes: RouteFacts[];
}

/** Runs `ip ARGS`; rejects with what it said. */
export async function ip(...args: string[]): Promise<string> {
  return (await execute('ip', args, { maxBuffer: 64 * 1024 * 1024 })).stdout;
}

// What of ip's JSON is used here.
interface IpLink {
  readonly ifindex: number;
  readonly ifname: string;
  readonly link?: string;
  readonly link_index?: number;
  readonly link_netnsid?: number;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly master?: string;
  readonly operstate: string;
  readonly link_type: string;
  readonly address?: string;
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_data?: Readonly<Record<string, string | number | boolean>>;
    readonly info_slave_kind?: string;
    readonly info_slave_data?: { readonly state?: string };
  };
}
interface IpAddresses {
  readonly ifindex: number;
  readonly addr_info: readonly { family: string; local: string; prefixlen: number; scope: string }[];
}
interface IpHop {
  readonly gateway?: string;
  readonly via?: { readonly host: string };
  readonly dev: string;
}
interface IpRoute extends Partial<IpHop> {
  readonly type?: string;
  readonly metric?: number;
  readonly nexthops?: readonly IpHop[];
}
interface IpNetnsId {
  readonly nsid: number;
  readonly name?: string;
}

/** linux/if_arp.h, by the names ip gives. */
const arphrd: Readonly<Record<string, number>> = { ether: 1, loopback: 772, none: 65534 };

/** Asks `ip` in a namespace of `ip netns`. */
export async function readWithIp(namespace: string): Promise<IpFacts> {
  const ask = async <T>(...args: string[]): Promise<T[]> =>
    JSON.parse((await ip('-n', namespace, '-j', ...args)) || '[]');
  const links = await ask<IpLink>('-d', 'link');
  const addresses = await ask<IpAddresses>('addr');
  const routes4 = await ask<IpRoute>('-4', 'route', 'show', 'default');
  const routes6 = await ask<IpRoute>('-6', 'route', 'show', 'default');
  // After the links: listing them is what makes the kernel give the numbers.
  const numbers = await ask<IpNetnsId>('netns', 'list-id');

  const ifindexOf = (name: string | undefined) => links.find(({ ifname }) => ifname === name)?.ifindex ?? 0;
  const inumOf = (nsid: number) => {
    const name = numbers.find((each) => each.nsid === nsid)?.name;
    return name === undefined ? {} : { peerNetnsInum: inumOfName(name) };
  };
  const peerOf = (link: IpLink): Pick<IpLinkFacts, 'peerIfindex' | 'peerNetnsInum'> => {
    const peerIfindex = link.link_index ?? ifindexOf(link.link);
    if (peerIfindex === 0) return { peerIfindex, peerNetnsInum: 0 };
    if (link.link_netnsid === undefined) return { peerIfindex, peerNetnsInum: inumOfName(namespace) };
    return { peerIfindex, ...inumOf(link.link_netnsid) };
  };
  return {
    links: links
      .map((link) => ({
        ...linkFacts(link),
        ...peerOf(link),
        master: ifindexOf(link.master),
        addresses: (addresses.find(({ ifindex }) => ifindex === link.ifindex)?.addr_info ?? []).map(addressFacts),
      }))
      .sort((left, right) => left.ifindex - right.ifindex),
    defaultRoutes: [...routes4.flatMap((route) => hops(route, 4)), ...routes6.flatMap((route) => hops(route, 6))].map(
      ({ dev, ...route }) => ({ ...route, ifindex: ifindexOf(dev) }),
    ),
  };
}

/** What changes at once with the command that changes it: the kernel settles operational states and peers later. */
export type PlainLink = Pick<LinkFacts, 'ifindex' | 'name' | 'kind' | 'mac' | 'mtu' | 'up' | 'master' | 'addresses'>;

/** One question to `ip` only, for tests that ask after every step. Sorted by ifindex. */
export async function readPlainLinks(namespace: string): Promise<PlainLink[]> {
  const links: (IpLink & IpAddresses)[] = JSON.parse((await ip('-n', namespace, '-j', '-d', 'addr')) || '[]');
  return links
    .map((link) => {
      const { ifindex, name, kind, mac, mtu, up } = linkFacts(link);
      const master = links.find(({ ifname }) => ifname === link.master)?.ifindex ?? 0;
      return { ifindex, name, kind, mac, mtu, up, master, addresses: link.addr_info.map(addressFacts) };
    })
    .sort((left, right) => left.ifindex - right.ifindex);
}

export function inumOfName(namespace: string): number {
  return statSync(`/run/netns/${namespace}`).ino;
}

function linkFacts(link: IpLink): Omit<LinkFacts, 'peerIfindex' | 'peerNetnsInum' | 'master' | 'addresses'> {
  const { info_kind: kind, info_data: data = {}, info_slave_kind: slave, info_slave_data: port } = link.linkinfo ?? {};
  const type = arphrd[link.link_type];
  if (type === undefined) throw new Error(`${link.ifname}: link_type ${link.link_type}`);
  return {
    ifindex: link.ifindex,
    name: link.ifname,
    kind: kind ?? (link.link_type === 'loopback' ? 'loopback' : 'physical'),
    type,
    mac: link.address ?? '',
    mtu: link.mtu,
    up: link.flags.includes('UP'),
    operstate: link.operstate.toLowerCase(),
    portState: slave === 'bridge' ? (port?.state ?? '') : '',
    vlanId: kind === 'vlan' ? Number(data.id) : 0,
    vxlanId: kind === 'vxlan' ? Number(data.id) : 0,
    vxlanRemote: kind === 'vxlan' ? String(data.group ?? data.group6 ?? data.remote ?? data.remote6 ?? '') : '',
  };
}

function addressFacts(address: IpAddresses['addr_info'][number]): AddressFacts {
  return {
    family: address.family === 'inet' ? 4 : 6,
    address: address.local,
    prefix: address.prefixlen,
    scope: address.scope,
  };
}

/** One for each next hop. */
function hops(route: IpRoute, family: 4 | 6): (Omit<RouteFacts, 'ifindex'> & { dev: string })[] {
  if (route.type !== undefined && route.type !== 'unicast') return [];
  const { metric = 0, nexthops = [route] } = route;
  return nexthops.map(({ gateway, via, dev = '' }) => ({ family, gateway: gateway ?? via?.host ?? '', metric, dev }));
}
