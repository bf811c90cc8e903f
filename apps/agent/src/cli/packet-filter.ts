// `--filter-proto` and `--filter-port`: which packets the kernel side lets through.
import type { CaptureOptions } from '@hopscope/native';
import { EXIT, Failure } from '../lib/failure.ts';
import type { OptionValues, PACKET_FILTER, TRACE } from './options.ts';

/** As the addon limits them. */
const PORTS_MAX = 16;

/** @throws Failure (usage) when ports are asked for that no asked-for packet has, or too many */
export function readPacketFilter(
  values: OptionValues<typeof PACKET_FILTER>,
): Pick<CaptureOptions, 'protocols' | 'ports'> {
  const protocols = [...new Set(values['filter-proto'].flat())];
  const ports = [...new Set(values['filter-port'].flat())];
  if (ports.length > PORTS_MAX) throw new Failure(EXIT.usage, `--filter-port: no more than ${PORTS_MAX} ports`);
  if (ports.length > 0 && !protocols.includes('udp') && !protocols.includes('tcp')) {
    throw new Failure(EXIT.usage, '--filter-port: only UDP and TCP have ports: add --filter-proto udp,tcp');
  }
  return { ...(protocols.length > 0 ? { protocols } : {}), ...(ports.length > 0 ? { ports } : {}) };
}

const PROTOCOL_NAMES = { icmp: 'ICMP echo', icmp6: 'ICMPv6 echo', udp: 'UDP', tcp: 'TCP' } as const;

const listOf = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`;

/** `ICMP echo`, `UDP and TCP (port 53)` */
export function nameOfPackets({
  protocols = ['icmp', 'icmp6'],
  ports = [],
}: ReturnType<typeof readPacketFilter>): string {
  const isEcho = protocols.every((name) => name.startsWith('icmp'));
  const names = isEcho && protocols.length > 1 ? 'ICMP echo' : listOf(protocols.map((name) => PROTOCOL_NAMES[name]));
  return `${names}${ports.length === 0 ? '' : ` (port ${ports.join(', ')})`}`;
}

/** The filter's flags as they would be typed; empty = none. */
export function filterText(
  values: OptionValues<typeof PACKET_FILTER> &
    Partial<Pick<OptionValues<typeof TRACE.options>, 'interface' | 'filter-netns'>>,
): string {
  const flags = [
    ...(values['filter-netns'] ?? []).map((netns) => `--filter-netns ${netns}`),
    ...(values.interface == null ? [] : [`-i ${values.interface}`]),
    ...values['filter-proto'].map((names) => `--filter-proto ${names.join(',')}`),
    ...values['filter-port'].map((ports) => `--filter-port ${ports.join(',')}`),
  ];
  return flags.join(' ');
}
