// What sits on an interface: XDP programs, traffic-control filters, the bridge behind it.
import type { LinkFacts } from '@hopscope/model';
import type { Evidence } from '@hopscope/protocol';
import type { DropNote } from './drop-note.ts';
import { factsOf } from './facts.ts';
import { numberOf, objectOf, objectsOf, textOf } from './json-fields.ts';
import type { TableReader } from './table-reader.ts';
import type { NetnsPlace } from './tools.ts';

/** IFLA_XDP_ATTACHED as iproute2 prints it. */
const XDP_MODES: Readonly<Record<number, string>> = { 1: 'native', 2: 'generic', 3: 'offload' };

export async function readXdp(reader: TableReader, place: NetnsPlace, { ifname }: DropNote): Promise<Evidence> {
  if (ifname === '') return {};
  const [link] = objectsOf(await reader.readJson(place, 'ip', '-d', '-j', 'link', 'show', 'dev', ifname));
  const xdp = objectOf(link?.xdp);
  const program = objectOf(xdp.prog);
  const id = numberOf(program.id);
  return factsOf({
    'xdp.program': textOf(program.name) ?? (id === undefined ? undefined : `id ${id}`),
    'xdp.mode': XDP_MODES[numberOf(xdp.mode) ?? 0],
  });
}

/** The first filter with a program or action: which of several dropped it is not known. */
export async function readTrafficControl(reader: TableReader, place: NetnsPlace, note: DropNote): Promise<Evidence> {
  if (note.ifname === '') return {};
  const side = note.reason === 'TC_EGRESS' ? 'egress' : 'ingress';
  const args = ['-j', 'filter', 'show', 'dev', note.ifname, side];
  const filters = objectsOf(await reader.readJson(place, 'tc', ...args)).filter(({ options }) => options !== undefined);
  if (filters.length !== 1) return {};
  const [filter] = filters;
  const options = objectOf(filter?.options);
  const action = objectsOf(options.actions)[0];
  const what = textOf(options.bpf_name) ?? textOf(action?.kind);
  const kind = textOf(filter?.kind);
  const pref = numberOf(filter?.pref);
  if (kind === undefined) return {};
  return {
    'tc.filter': `${kind}${what === undefined ? '' : ` ${what}`}${pref === undefined ? '' : ` (pref ${pref})`}`,
  };
}

/** The bridge port behind which the packet's destination lives, and its state. */
export async function readBridgePort(
  reader: TableReader,
  place: NetnsPlace,
  note: DropNote,
  links: readonly LinkFacts[],
): Promise<Evidence> {
  const mac = note.headers.mac?.dst;
  const port = links.find(({ ifindex }) => ifindex === note.ifindex);
  const bridge = links.find(({ ifindex }) => port !== undefined && port.master !== 0 && ifindex === port.master);
  if (mac === undefined || bridge === undefined) return {};
  const fdb = objectsOf(await reader.readJson(place, 'bridge', '-j', 'fdb', 'show', 'br', bridge.name));
  const behind = textOf(fdb.find((entry) => entry.mac === mac && entry.ifname !== bridge.name)?.ifname);
  if (behind === undefined) return {};
  return readPortState(reader, place, behind);
}

/** The state of the bridge port that the packet died at. */
export async function readOwnPort(reader: TableReader, place: NetnsPlace, { ifname }: DropNote): Promise<Evidence> {
  return ifname === '' ? {} : readPortState(reader, place, ifname);
}

async function readPortState(reader: TableReader, place: NetnsPlace, port: string): Promise<Evidence> {
  const ports = objectsOf(await reader.readJson(place, 'bridge', '-j', 'link'));
  const state = textOf(ports.find((entry) => entry.ifname === port)?.state);
  return factsOf({ 'port.device': port, 'port.state': state });
}
