// What two looks at one packet's headers differ in: what a device did to it on the way.
import type { Packet, Tunnel } from './packet.ts';

export interface HeaderChange {
  readonly field: HeaderField;
  /** Empty where there was none. */
  readonly before: string;
  readonly after: string;
  /** What was done, in a few words: `TTL lowered`, `source translated`. */
  readonly what: string;
}

export type HeaderField =
  | 'mac.src'
  | 'mac.dst'
  | 'vlan'
  | 'tunnel'
  | 'ip.src'
  | 'ip.dst'
  | 'ip.ttl'
  | 'fragment'
  | 'icmp.id'
  | 'port.src'
  | 'port.dst';

/** The field's name as a person knows it; `family` because IPv6 has a hop limit. */
export function headerLabel(field: HeaderField, family: 4 | 6): string {
  return field === 'ip.ttl' && family === 6 ? 'hop limit' : LABELS[field];
}

const LABELS: Readonly<Record<HeaderField, string>> = {
  'mac.src': 'source MAC',
  'mac.dst': 'destination MAC',
  vlan: 'VLAN',
  tunnel: 'tunnel',
  'ip.src': 'source',
  'ip.dst': 'destination',
  'ip.ttl': 'TTL',
  fragment: 'fragment',
  'icmp.id': 'ICMP id',
  'port.src': 'source port',
  'port.dst': 'destination port',
};

/**
 * Outermost header first. A MAC header that came or went is told as `added` or `removed` by its addresses; sequence numbers, lengths and
 * checksums are left out: they follow from the rest.
 */
export function headerChanges(before: Packet, after: Packet): HeaderChange[] {
  if (before === after) return [];
  const changes: HeaderChange[] = [];
  const compare = (field: HeaderField, from: string, to: string, what: string) => {
    if (from === to) return;
    const done = from === '' ? 'added' : to === '' ? 'removed' : what;
    changes.push({ field, before: from, after: to, what: `${headerLabel(field, after.family)} ${done}` });
  };
  compare('mac.src', before.mac?.src ?? '', after.mac?.src ?? '', 'rewritten');
  compare('mac.dst', before.mac?.dst ?? '', after.mac?.dst ?? '', 'rewritten');
  compare('vlan', before.vlans.join(' in '), after.vlans.join(' in '), 'changed');
  compare('tunnel', before.outer.map(tunnelText).join(' in '), after.outer.map(tunnelText).join(' in '), 'changed');
  compare('ip.src', before.src, after.src, 'translated');
  compare('ip.dst', before.dst, after.dst, 'translated');
  compare('ip.ttl', String(before.ttl), String(after.ttl), after.ttl < before.ttl ? 'lowered' : 'raised');
  compare('fragment', fragmentText(before), fragmentText(after), 'changed');
  compare('icmp.id', numberText(before.icmp?.id), numberText(after.icmp?.id), 'translated');
  compare('port.src', numberText(before.ports?.src), numberText(after.ports?.src), 'translated');
  compare('port.dst', numberText(before.ports?.dst), numberText(after.ports?.dst), 'translated');
  return changes;
}

/** `vxlan 42 10.0.0.1 → 10.0.0.2` */
export function tunnelText({ kind, id, src, dst }: Tunnel): string {
  return `${kind}${id === null ? '' : ` ${id}`} ${src} → ${dst}`;
}

function fragmentText({ fragment }: Packet): string {
  return fragment === null ? '' : `at byte ${fragment.offsetBytes}${fragment.more ? ', more follow' : ', the last'}`;
}

const numberText = (value: number | undefined): string => (value === undefined ? '' : String(value));
