// What the fields of a filter can have now: what stands on the page.
import type { Exchange } from '@hopscope/model';
import type { Topology } from '@hopscope/protocol';
import { journeysOf } from './exchange-words.ts';

/** Of the newest exchanges so many are looked at: enough for what somebody wants to filter by now. */
export const EXCHANGES_READ = 500;

/** Field → its values, each once: those of the topology in its order, and of the exchanges given. */
export function filterValues(
  topology: Topology,
  containerOf: (netns: Topology['namespaces'][number]['id']) => string | null,
  exchanges: Iterable<Exchange>,
): Record<string, string[]> {
  const values = new Map<string, Set<string>>();
  const note = (field: string, value: string | number | null | undefined): void => {
    if (value === null || value === undefined || value === '') return;
    const set = values.get(field);
    if (set === undefined) values.set(field, new Set([String(value)]));
    else set.add(String(value));
  };
  for (const exchange of exchanges) noteExchange(exchange, note);
  for (const { id, names, links } of topology.namespaces) {
    note('container', containerOf(id));
    for (const { text, image, project } of names) {
      note('netns', text);
      note('image', image);
      note('project', project);
    }
    for (const link of links) {
      note('hop.ifname', link.name);
      note('hop.device', `${names[0]?.text}/${link.name}`);
      note('eth.addr', link.mac);
      for (const { address } of link.addresses) note('ip.addr', address);
    }
  }
  for (const field of ['ip.src', 'ip.dst']) for (const value of values.get('ip.addr') ?? []) note(field, value);
  for (const field of ['eth.src', 'eth.dst']) for (const value of values.get('eth.addr') ?? []) note(field, value);
  return Object.fromEntries([...values].map(([field, set]) => [field, [...set]]));
}

function noteExchange(exchange: Exchange, note: (field: string, value: string | number | null) => void): void {
  note('ip.src', exchange.src);
  note('ip.dst', exchange.dst);
  if (exchange.ports !== null) {
    note('port.dst', exchange.ports.dst);
    note('port', exchange.ports.dst);
    note(`${exchange.kind}.port`, exchange.ports.dst);
  } else note('icmp.id', exchange.icmpId);
  for (const { src, dst } of exchange.tuples) {
    note('ip.addr', src);
    note('ip.addr', dst);
  }
  for (const { drop } of journeysOf(exchange)) {
    if (drop === null) continue;
    note('hop.reason', drop.reason);
    note('hop.location', drop.location);
  }
}
