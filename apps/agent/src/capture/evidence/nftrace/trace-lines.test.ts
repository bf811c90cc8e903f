import { expect, test } from 'vitest';
import { createTraceLines, type TracedDrop } from './trace-lines.ts';

function read(...lines: readonly string[]): (TracedDrop | null)[] {
  const reader = createTraceLines();
  return lines.map((line) => reader.read(line));
}

// As nft 1.0.6 printed them.
const PACKET4 =
  'trace id 455747a4 ip filter INPUT packet: iif "lo" @ll,0,112 0x800 ip saddr 127.0.0.1 ip daddr 127.0.0.2 ip dscp cs0 ip ecn not-ect ip ttl 64 ip id 17858 ip protocol icmp ip length 84 icmp type echo-request icmp code net-unreachable icmp id 10441 icmp sequence 1 @th,64,96 0xff51036b000000006b780300 ';
const PACKET6 =
  'trace id 964266e0 ip6 filter INPUT packet: iif "lo" @ll,0,112 0x86dd ip6 saddr ::1 ip6 daddr ::1 ip6 dscp cs0 ip6 hoplimit 64 ip6 length 64 icmpv6 type echo-request icmpv6 code no-route icmpv6 parameter-problem 578879489 @th,64,96 0x7a57036b00000000c0ac0400 ';
const PACKET_UDP =
  'trace id 8c7af82e inet hop pre packet: iif "lo" @ll,0,112 0x800 ip saddr 127.0.0.1 ip daddr 127.0.0.1 ip ttl 64 ip id 4451 ip protocol udp ip length 38 udp sport 41409 udp dport 5 udp length 18 @th,64,80 0x78787878787878787878 ';

test('a rule that drops', () => {
  const rule =
    'trace id 455747a4 ip filter INPUT rule iifname "lo" ip saddr 127.0.0.1  counter packets 0 bytes 0 drop # handle 2 (verdict drop)';
  expect(read(PACKET4, rule)[1]).toEqual({
    mark: { src: '127.0.0.1', dst: '127.0.0.2', ipId: 17858, pair: '10441 1' },
    family: 'ip',
    table: 'filter',
    chain: 'INPUT',
    rule: 'iifname "lo" ip saddr 127.0.0.1  counter packets 0 bytes 0 drop',
    handle: 2,
  });
});

test('how IPv6 echoes and UDP are told apart', () => {
  const policy = 'trace id 964266e0 ip6 filter INPUT policy drop ';
  expect(read(PACKET6, policy)[1]).toMatchObject({
    mark: { src: '::1', dst: '::1', ipId: null, pair: '8833 1' },
    rule: 'policy drop',
    handle: null,
  });
  const rule = 'trace id 8c7af82e inet hop pre rule udp dport 5 drop # handle 4 (verdict drop)';
  expect(read(PACKET_UDP, rule)[1]?.mark).toEqual({ src: '127.0.0.1', dst: '127.0.0.1', ipId: 4451, pair: '41409 5' });
});

test('a rule that nft does not know yet has a handle and no words', () => {
  const unknown = 'trace id 455747a4 ip filter INPUT unknown rule handle 9 (verdict drop)';
  expect(read(PACKET4, unknown)[1]).toMatchObject({ rule: null, handle: 9, chain: 'INPUT' });
});

test('what is no drop, of no known packet, or no trace at all', () => {
  expect(
    read(
      'trace id 1 ip filter INPUT rule drop # handle 2 (verdict drop)',
      PACKET4,
      'trace id 455747a4 ip filter INPUT rule counter # handle 2 (verdict continue)',
      'trace id 455747a4 ip filter INPUT policy accept ',
      'trace id 455747a4 ip filter INPUT rule comment "# handle 9 (verdict drop)" # handle 2 (verdict accept)',
      'table ip filter',
      '',
    ),
  ).toEqual([null, null, null, null, null, null, null]);
});

test('remembers only so many packets', () => {
  const reader = createTraceLines();
  for (let id = 0; id < 2000; id++) reader.read(PACKET4.replace('455747a4', id.toString(16)));
  const rule = (id: number) => `trace id ${id.toString(16)} ip t c rule drop # handle 1 (verdict drop)`;
  expect(reader.read(rule(1))).toBeNull();
  expect(reader.read(rule(1999))).not.toBeNull();
});
