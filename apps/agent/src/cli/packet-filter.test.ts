import { expect, test } from 'vitest';
import { EXIT } from '../lib/failure.ts';
import { SERVE, TRACE } from './options.ts';
import { readPacketFilter } from './packet-filter.ts';
import { parseOptions } from './parse.ts';

const filterOf = (...args: string[]) => readPacketFilter(parseOptions(TRACE, args));

test('nothing asked for is the addon’s own default', () => {
  expect(filterOf()).toEqual({});
});

test('lists and repetitions add up, without doubles', () => {
  expect(filterOf('--filter-proto', 'udp,icmp', '--filter-proto=tcp,udp')).toEqual({
    protocols: ['udp', 'icmp', 'tcp'],
  });
  expect(filterOf('--filter-proto', 'udp', '--filter-port', '53,4789', '--filter-port=0', '--filter-port=53')).toEqual({
    protocols: ['udp'],
    ports: [53, 4789, 0],
  });
  expect(readPacketFilter(parseOptions(SERVE, ['--filter-proto', 'icmp6']))).toEqual({ protocols: ['icmp6'] });
});

test.each([
  [['--filter-proto', 'sctp'], /--filter-proto: "sctp" is not a protocol: icmp, icmp6, udp or tcp/],
  [['--filter-proto', 'udp,'], /--filter-proto: "" is not a protocol/],
  [['--filter-port', '80'], /only UDP and TCP have ports: add --filter-proto udp,tcp/],
  [['--filter-port', '80', '--filter-proto', 'icmp,icmp6'], /only UDP and TCP have ports/],
  [['--filter-proto', 'tcp', '--filter-port', '80,65536'], /--filter-port: "65536" is not a port/],
  [['--filter-proto', 'tcp', '--filter-port', Array.from({ length: 17 }, (_, i) => i).join()], /no more than 16 ports/],
])('%j is a usage failure', (args, message) => {
  expect(() => filterOf(...args)).toThrow(
    expect.objectContaining({ exitCode: EXIT.usage, message: expect.stringMatching(message) }),
  );
});
