// `--filter-proto` and `--filter-port`: which packets the kernel side lets through.
import type { CaptureOptions } from '@hopscope/native';
import { EXIT, Failure } from '../lib/failure.ts';
import type { OptionValues, PACKET_FILTER } from './options.ts';

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
