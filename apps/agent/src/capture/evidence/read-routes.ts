// The route that a packet would take, its next hop's neighbour entry, and the sysctls that stand in its way.
import type { Evidence } from '@hopscope/protocol';
import type { DropNote } from './drop-note.ts';
import { factsOf } from './facts.ts';
import { objectsOf, textOf } from './json-fields.ts';
import type { TableReader } from './table-reader.ts';
import type { NetnsPlace } from './tools.ts';

const familyFlag = ({ headers }: DropNote) => (headers.family === 4 ? '-4' : '-6');

/** What `ip route get` says about its destination, as asked for it: with the interface it came in by. */
export async function readRoute(reader: TableReader, place: NetnsPlace, note: DropNote): Promise<Evidence> {
  const { src, dst } = note.headers;
  const from = note.iif !== 0 && note.ifname !== '' ? ['from', src, 'iif', note.ifname] : [];
  const args = [familyFlag(note), 'route', 'get', dst];
  const [route] = objectsOf(await reader.readJson(place, 'ip', '-j', ...args, ...from));
  if (route === undefined) {
    const said = await reader.readError(place, 'ip', ...args, ...from);
    const error = said === null ? undefined : ERRORS.find(([words]) => said.includes(words))?.[1];
    return error === undefined ? {} : { 'route.found': false, 'route.error': error };
  }
  const type = textOf(route.type);
  if (type !== undefined && type in REFUSALS) return { 'route.found': false, 'route.error': REFUSALS[type] ?? '' };
  return factsOf({
    'route.found': true,
    'route.device': textOf(route.dev),
    'route.gateway': textOf(route.gateway),
    'route.table': textOf(route.table),
  });
}

/** What iproute2 says when the kernel refuses. */
const ERRORS = [
  ['Network is unreachable', 'ENETUNREACH'],
  ['No route to host', 'EHOSTUNREACH'],
  ['Permission denied', 'EACCES'],
  ['Invalid argument', 'EINVAL'],
] as const;
const REFUSALS: Readonly<Record<string, string>> = {
  blackhole: 'EINVAL',
  prohibit: 'EACCES',
  unreachable: 'EHOSTUNREACH',
};

/** The next hop's entry on the device that the packet died on, or was to leave by. */
export async function readNeighbour(reader: TableReader, place: NetnsPlace, note: DropNote): Promise<Evidence> {
  const { dst } = note.headers;
  const [route] = objectsOf(await reader.readJson(place, 'ip', '-j', familyFlag(note), 'route', 'get', dst));
  const device = note.ifname || textOf(route?.dev);
  if (device === undefined || device === '') return {};
  const gateway = textOf(route?.dev) === device ? textOf(route?.gateway) : undefined;
  const address = gateway ?? dst;
  const table = objectsOf(await reader.readJson(place, 'ip', '-j', familyFlag(note), 'neigh', 'show', 'dev', device));
  const states = table.find((entry) => entry.dst === address)?.state;
  const state = Array.isArray(states) ? states.filter((each) => typeof each === 'string').join(' ') : 'none';
  return factsOf({
    'neighbour.address': address,
    'neighbour.device': device,
    'neighbour.state': state,
    'route.device': textOf(route?.dev),
    'route.gateway': gateway,
  });
}

/** rp_filter in effect, and the way back that it compares with. */
export async function readSourceCheck(reader: TableReader, place: NetnsPlace, note: DropNote): Promise<Evidence> {
  const { src, family } = note.headers;
  if (family !== 4 || note.ifname === '') return {};
  const files = ['all', note.ifname].map((name) => `ipv4/conf/${name}/rp_filter`);
  const values = await readSysctls(reader, place, files);
  const effective = Math.max(...files.map((file) => Number(values.get(file) ?? -1)));
  const [back] = objectsOf(await reader.readJson(place, 'ip', '-j', '-4', 'route', 'get', src));
  return factsOf({
    ...(effective < 0 ? {} : { rp_filter: effective, 'rp_filter.device': note.ifname }),
    'route.back.device': textOf(back?.dev),
  });
}

/** Whether the namespace forwards at all, when the packet was to be forwarded. */
export async function readForwarding(reader: TableReader, place: NetnsPlace, note: DropNote): Promise<Evidence> {
  if (note.iif === 0 || note.ifname === '') return {};
  const file = note.headers.family === 4 ? `ipv4/conf/${note.ifname}/forwarding` : 'ipv6/conf/all/forwarding';
  const value = (await readSysctls(reader, place, [file])).get(file);
  if (value !== '0') return {};
  return {
    'sysctl.name': note.headers.family === 4 ? 'net.ipv4.ip_forward' : 'net.ipv6.conf.all.forwarding',
    'sysctl.value': value,
  };
}

/** Why an echo request that arrived is not answered. */
export async function readEchoIgnored(reader: TableReader, place: NetnsPlace, family: 4 | 6): Promise<Evidence> {
  const name = family === 4 ? 'ipv4/icmp_echo_ignore_all' : 'ipv6/icmp/echo_ignore_all';
  const value = (await readSysctls(reader, place, [name])).get(name);
  return value === undefined || value === '0'
    ? {}
    : { 'sysctl.name': `net.${name.replaceAll('/', '.')}`, 'sysctl.value': value };
}

/** @param files below /proc/sys/net, which shows the namespace of whoever looks */
async function readSysctls(
  reader: TableReader,
  place: NetnsPlace,
  files: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const root = '/proc/sys/net/';
  // grep prints `file:value` and goes on behind a file that is missing, with status 2.
  const text = await reader.read(place, 'grep', '-sH', '', ...files.map((file) => root + file));
  const lines = (text ?? '').split('\n').filter((line) => line.startsWith(root));
  return new Map(
    lines.map((line) => {
      const colon = line.lastIndexOf(':');
      return [line.slice(root.length, colon), line.slice(colon + 1).trim()];
    }),
  );
}
