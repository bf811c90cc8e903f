// Evidence around a drop as rows of a table: what decides first, what is only good to know behind it.
import { EVIDENCE, type Evidence, type EvidenceKey, type EvidenceValue } from '@hopscope/protocol';

export interface EvidenceRow {
  readonly key: EvidenceKey;
  readonly label: string;
  readonly value: string;
}

export interface EvidenceRows {
  /** What the drop can be caused by. */
  readonly main: readonly EvidenceRow[];
  /** How things stood around it. */
  readonly more: readonly EvidenceRow[];
}

const LABELS: { readonly [Key in EvidenceKey]?: string } = {
  'netns.title': 'namespace',
  'route.found': 'route found',
  'route.error': 'route lookup said',
  'route.table': 'routing table',
  'route.device': 'route leaves by',
  'route.gateway': 'next hop',
  'route.device.up': 'that interface is up',
  'route.device.state': 'that interface’s state',
  'route.device.mtu': 'that interface’s MTU',
  'route.device.peer': 'other end of its wire',
  'route.device.peer.up': 'that other end is up',
  'route.back.device': 'route back leaves by',
  'neighbour.address': 'neighbour asked for',
  'neighbour.state': 'neighbour’s state',
  'neighbour.device': 'neighbour asked for on',
  'icmp.error': 'ICMP error sent',
  'icmp.from': 'ICMP error came from',
  'icmp.mtu': 'MTU in the ICMP error',
  'link.device': 'interface',
  'link.up': 'interface is up',
  'link.state': 'interface’s state',
  'link.mtu': 'interface’s MTU',
  'link.master': 'port of',
  'link.peer': 'other end of the wire',
  'link.peer.up': 'other end is up',
  'port.state': 'bridge port’s state',
  'port.device': 'bridge port',
  rp_filter: 'rp_filter in effect',
  'rp_filter.device': 'rp_filter is about',
  'sysctl.name': 'sysctl',
  'sysctl.value': 'its value',
  'netfilter.family': 'firewall family',
  'netfilter.table': 'table',
  'netfilter.chain': 'chain',
  'netfilter.hook': 'hook',
  'netfilter.rule': 'rule',
  'netfilter.handle': 'rule’s handle',
  'netfilter.tool': 'read with',
  'netfilter.how': 'inferred by',
  'netfilter.exact': 'how the rule is known',
  'tc.filter': 'traffic control',
  'xdp.program': 'XDP program',
  'xdp.mode': 'XDP mode',
  'packet.length': 'packet’s bytes',
  'packet.ttl': 'TTL on arrival',
  'packet.df': 'must not be fragmented',
  'source.read': 'tables were read',
};

const RP_FILTER: Readonly<Record<string, string>> = { 0: '0 (off)', 1: '1 (strict)', 2: '2 (loose)' };

/** Facts that are there for every drop, whatever killed it. */
const ORDINARY = /^(?:netns|packet|link|route\.device|route\.table|source)(?:\.|$)/;
/** Ordinary too, where a route was found. */
const WHERE_FOUND = /^route\.(?:found|gateway)$/;

export function evidenceRows(evidence: Evidence): EvidenceRows {
  // In the order in which the protocol lists them; netfilter's own order is the one of a sentence.
  const keys = (Object.keys(EVIDENCE) as EvidenceKey[]).filter((key) => evidence[key] !== undefined);
  const rows = keys.map((key) => ({ key, label: LABELS[key] ?? key, value: valueText(key, evidence[key] ?? '') }));
  const isMore = ({ key }: EvidenceRow): boolean =>
    ORDINARY.test(key) || (WHERE_FOUND.test(key) && evidence['route.found'] === true);
  return { main: rows.filter((row) => !isMore(row)), more: rows.filter(isMore) };
}

function valueText(key: EvidenceKey, value: EvidenceValue): string {
  switch (key) {
    case 'netfilter.exact':
      return value === true ? 'told by the kernel (nftrace)' : 'inferred from counters or chains';
    case 'rp_filter':
      return RP_FILTER[String(value)] ?? String(value);
    case 'source.read':
      return `${value} ms after the drop`;
    default:
      return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
  }
}
