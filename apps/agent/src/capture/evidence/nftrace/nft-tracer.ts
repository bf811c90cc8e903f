// With --allow-system-changes: the rule that dropped a packet, told by nft itself. In a namespace where netfilter dropped something, a table
// marks the packets that are followed and `nft monitor trace` says which rule ends them. The table belongs to a process of ours: the
// kernel removes it when that process ends, however this one ends.
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Evidence } from '@hopscope/protocol';
import type { DropNote } from '../drop-note.ts';
import { findTool, type NetnsPlace, openNetns, spawnInNetns } from '../tools.ts';
import { createTraceLines, type PacketMark, type TracedDrop } from './trace-lines.ts';
import { type TracedTraffic, traceDeviceCommands, traceTableCommands } from './trace-table.ts';

const NAMESPACES_MAX = 16;
const DEVICES_MAX = 16;
/** Without a drop for so long, the namespace gets its rules back as they were. */
const IDLE_MS = 60_000;
/** A drop and what nft says about it come within this time. */
const MATCH_WITHIN_MS = 3000;
const KEPT_MAX = 512;
const LINE_MAX = 8192;

export interface NftTracer {
  /** Begins to trace in the drop's namespace, and answers by `found` as soon as nft has named the rule of this drop. */
  note(drop: DropNote, place: NetnsPlace, devices: readonly string[]): void;
  /** Namespaces as they are now: one that only our own processes hold is let go. */
  update(
    namespaces: readonly { inum: number; pids: readonly number[]; paths: readonly string[]; own: boolean }[],
  ): void;
  close(): void;
}

export interface NftTracerOptions {
  readonly traffic: TracedTraffic;
  readonly found: (drop: DropNote, facts: Evidence) => void;
  readonly warn: (text: string) => void;
  /** ms, monotonic */
  readonly now: () => number;
}

interface Traced {
  readonly children: ChildProcess[];
  readonly verdicts: { readonly drop: TracedDrop; readonly at: number }[];
  readonly waiting: { readonly note: DropNote; readonly at: number }[];
  /** With netdev rules that are traced. */
  readonly devices: Set<string>;
  lastDrop: number;
  idle: NodeJS.Timeout | undefined;
}

export function createNftTracer({ traffic, found, warn, now }: NftTracerOptions): NftTracer {
  const traced = new Map<number, Traced>();
  const [nsenter, setpriv, nft] = ['nsenter', 'setpriv', 'nft'].map(findTool);
  let closed = false;
  if (!nsenter || !setpriv || !nft)
    warn('rules are not traced: nft, nsenter and setpriv are needed (apt install nftables util-linux)');

  async function start(place: NetnsPlace, devices: readonly string[]): Promise<void> {
    if (!nsenter || !setpriv || !nft) return;
    const state: Traced = {
      children: [],
      verdicts: [],
      waiting: [],
      devices: new Set(),
      lastDrop: now(),
      idle: undefined,
    };
    traced.set(place.inum, state);
    const netns = await openNetns(place);
    if (netns === null || closed || traced.get(place.inum) !== state) {
      await netns?.close();
      return;
    }
    try {
      // The end of its stdin ends the owner of the table; pdeathsig ends both, whatever ends this process.
      const mortal = [setpriv, '--pdeathsig', 'KILL', '--', nft];
      const owner = spawnInNetns(nsenter, netns, [...mortal, '-i']);
      const monitor = spawnInNetns(nsenter, netns, [...mortal, '-a', 'monitor', 'trace']);
      state.children.push(owner, monitor);
      watchOwner(owner, place.inum);
      watchMonitor(monitor, place.inum, state);
      command(owner, traceTableCommands(traffic));
      traceDevices(state, devices);
      state.idle = setInterval(() => {
        if (now() - state.lastDrop >= IDLE_MS) stop(place.inum);
      }, IDLE_MS / 4);
    } finally {
      await netns.close();
    }
  }

  function command(owner: ChildProcess | undefined, lines: readonly string[]): void {
    if (lines.length > 0) owner?.stdin?.write(`${lines.join('\n')}\n`);
  }

  /** Rules at devices come before those of all other hooks, so each such device needs a mark of its own. */
  function traceDevices({ children: [owner], devices: known }: Traced, devices: readonly string[]): void {
    for (const device of devices) {
      if (owner === undefined || known.has(device) || known.size >= DEVICES_MAX) continue;
      command(owner, traceDeviceCommands(traffic, device, known.size));
      known.add(device);
    }
  }

  function watchOwner(owner: ChildProcess, inum: number): void {
    let said = false;
    owner.stdin?.on('error', () => undefined);
    owner.stdout?.resume();
    owner.stderr?.on('data', (chunk: Buffer) => {
      const error = /Error: ([^\n]{1,200})/.exec(chunk.toString('utf8'))?.[1];
      if (error === undefined || said) return;
      said = true;
      warn(`rules of namespace ${inum} are not all traced: nft says "${error}"`);
    });
    owner.once('error', () => stop(inum));
    owner.once('exit', () => stop(inum));
  }

  function watchMonitor(monitor: ChildProcess, inum: number, state: Traced): void {
    monitor.stdin?.on('error', () => undefined);
    monitor.stdin?.end();
    monitor.stderr?.resume();
    monitor.once('error', () => stop(inum));
    monitor.once('exit', () => stop(inum));
    if (monitor.stdout === null) return;
    const lines = createTraceLines();
    createInterface({ input: monitor.stdout }).on('line', (line) => {
      const drop = line.length > LINE_MAX ? null : lines.read(line);
      if (drop === null) return;
      const at = state.waiting.findIndex(({ note }) => isSame(drop.mark, note));
      const [match] = at < 0 ? [] : state.waiting.splice(at, 1);
      if (match !== undefined) found(match.note, factsOf(drop));
      else keep(state.verdicts, { drop, at: now() });
    });
  }

  /** Adds to the end; what is too old, or too much, goes from the beginning. */
  function keep<Entry extends { readonly at: number }>(list: Entry[], entry: Entry): void {
    list.push(entry);
    const fresh = list.findIndex(({ at }) => entry.at - at < MATCH_WITHIN_MS);
    list.splice(0, Math.max(fresh, list.length - KEPT_MAX));
  }

  function stop(inum: number): void {
    const state = traced.get(inum);
    if (state === undefined) return;
    traced.delete(inum);
    clearInterval(state.idle);
    for (const child of state.children) child.kill('SIGKILL');
  }

  return {
    note(note, place, devices) {
      if (closed) return;
      const state = traced.get(note.inum);
      if (state === undefined) {
        if (traced.size < NAMESPACES_MAX) void start(place, devices);
        return;
      }
      state.lastDrop = now();
      traceDevices(state, devices);
      const at = state.verdicts.findIndex(({ drop }) => isSame(drop.mark, note));
      const [match] = at < 0 ? [] : state.verdicts.splice(at, 1);
      if (match !== undefined) found(note, factsOf(match.drop));
      else keep(state.waiting, { note, at: now() });
    },
    update(namespaces) {
      for (const [inum, { children }] of traced) {
        const pids = new Set(children.map(({ pid }) => pid));
        const held = namespaces.some(
          (each) =>
            each.inum === inum && (each.own || each.paths.length > 0 || each.pids.some((pid) => !pids.has(pid))),
        );
        if (children.length > 0 && !held) stop(inum);
      }
    },
    close() {
      closed = true;
      for (const inum of [...traced.keys()]) stop(inum);
    },
  };
}

function factsOf({ family, table, chain, rule, handle }: TracedDrop): Evidence {
  return {
    'netfilter.family': family,
    'netfilter.table': table,
    'netfilter.chain': chain,
    ...(rule === null ? {} : { 'netfilter.rule': rule }),
    ...(handle === null ? {} : { 'netfilter.handle': handle }),
    'netfilter.tool': 'nft',
    'netfilter.exact': true,
  };
}

function isSame(mark: PacketMark, { headers }: DropNote): boolean {
  const { icmp, ports } = headers;
  const pair = icmp !== null ? `${icmp.id} ${icmp.seq}` : ports !== null ? `${ports.src} ${ports.dst}` : ' ';
  return (
    mark.src === headers.src &&
    mark.dst === headers.dst &&
    mark.pair === pair &&
    (mark.ipId === null || headers.ipId === null || headers.family === 6 || mark.ipId === headers.ipId)
  );
}
