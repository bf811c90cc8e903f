// Where in netfilter a packet can have been when it was dropped: told by its device and by how it got there.
import type { LinkFacts } from '@hopscope/model';
import type { DropNote } from '../drop-note.ts';
import type { Candidate } from './may-match.ts';

export interface HookPlace {
  /** ip stands for ip, ip6 and inet. */
  readonly layer: 'ip' | 'bridge' | 'netdev';
  readonly hook: string;
}

export interface DropPlace {
  readonly hooks: readonly HookPlace[];
  readonly packet: Candidate;
}

const ip = (...hooks: string[]): HookPlace[] => hooks.map((hook) => ({ layer: 'ip', hook }));
const bridge = (...hooks: string[]): HookPlace[] => hooks.map((hook) => ({ layer: 'bridge', hook }));
const netdev = (hook: string): HookPlace[] => [{ layer: 'netdev', hook }];

/** @param links of the drop's namespace */
export function findDropPlace(note: DropNote, links: readonly LinkFacts[]): DropPlace {
  const nameOf = (ifindex: number) => links.find((link) => link.ifindex === ifindex)?.name ?? null;
  const cameIn = note.iif !== 0 && note.iif === note.ifindex;
  const { src, dst, protocol } = note.headers;
  if (isBridged(note, links)) {
    const packet = { src, dst, protocol, iifname: note.ifname, oifname: null };
    return { hooks: ip('prerouting'), packet };
  }
  const link = links.find(({ ifindex }) => ifindex === note.ifindex);
  return {
    hooks: findHooks(note, cameIn, isLocal(dst, links), link !== undefined && link.portState !== ''),
    packet: {
      src,
      dst,
      protocol,
      iifname: note.iif === 0 ? null : nameOf(note.iif),
      oifname: cameIn || note.ifindex === 0 ? null : note.ifname,
    },
  };
}

/** br_netfilter shows what comes in by a port to the hooks of IP, before routing, as if the bridge itself had it. */
function isBridged({ iif, ifindex }: DropNote, links: readonly LinkFacts[]): boolean {
  return iif !== 0 && iif !== ifindex && links.find((link) => link.ifindex === iif)?.master === ifindex;
}

function findHooks(note: DropNote, cameIn: boolean, local: boolean, isPort: boolean): HookPlace[] {
  // What is made here gets its device after the output hook.
  if (note.ifindex === 0) return ip('output');
  if (cameIn) {
    // With br_netfilter the hooks of IP see what a bridge carries.
    if (isPort) return [...netdev('ingress'), ...bridge('prerouting', 'input'), ...ip('prerouting', 'forward')];
    return [...netdev('ingress'), ...ip('prerouting', local ? 'input' : 'forward')];
  }
  if (note.iif !== 0) {
    if (isPort) return [...bridge('forward', 'postrouting'), ...ip('forward', 'postrouting'), ...netdev('egress')];
    return [...ip('postrouting'), ...netdev('egress')];
  }
  if (isPort) return [...bridge('output', 'postrouting'), ...netdev('egress')];
  return [...ip('postrouting', 'output'), ...netdev('egress')];
}

/** Multicast and broadcast are taken in, too. */
function isLocal(address: string, links: readonly LinkFacts[]): boolean {
  if (/^(?:2(?:2[4-9]|[3-5]\d)\.|ff)/i.test(address)) return true;
  return links.some(({ addresses }) => addresses.some((each) => each.address === address));
}
