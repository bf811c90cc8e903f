import type { NetnsId } from '@hopscope/protocol';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { completeFilter, FILTER_FIELDS, type FilterSubject, parseFilter } from './filter.ts';
import { assemble, onlyExchange } from './test-assemble.ts';
import type { FrameSpec } from './test-headers.ts';
import { readTrace } from './test-trace.ts';

const request: FrameSpec = { src: '172.17.0.2', dst: '198.51.100.9', type: 8, id: 17146, seq: 7, ttl: 64 };
const masqueraded: FrameSpec = { ...request, src: '192.0.2.2', ttl: 63 };
const reply: FrameSpec = { src: '172.17.0.2', dst: '172.17.0.1', type: 0, id: 9, seq: 1 };

/** web → out through the host's masquerading, dropped on the far side. */
const dropped = subjectOf(
  readTrace(
    { p1: request, p1n: masqueraded },
    `
   1.0  s1  p1   web/eth0    net_dev_queue
   2.0  s1  p1   host/veth1  netif_rx
   3.0  s1  p1n  host/eth0   net_dev_queue
   4.0  s1  p1n  out/lan0    netif_rx
   9.0  s1  p1n  out/lan0    kfree_skb  NETFILTER_DROP`,
  ),
);
const replied = subjectOf(
  readTrace(
    { p1: { ...reply, src: reply.dst, dst: reply.src, type: 8 }, p2: reply },
    `
   1.0  s1  p1  host/docker0  net_dev_queue
   2.0  s1  p1  web/eth0      netif_rx
   3.0  s2  p2  web/eth0      net_dev_queue
   3.5  s1  p1  web/eth0      consume_skb
 501.0  s2  p2  host/docker0  netif_rx
 502.0  s2  p2  host/docker0  consume_skb`,
  ),
);

function subjectOf(hops: ReturnType<typeof readTrace>): FilterSubject {
  const exchange = onlyExchange(assemble(hops));
  // Test traces give each namespace a number in order of first sight; its name is what stands before the slash.
  const names = new Map<NetnsId, string>();
  for (const hop of hops) if (hop.netns !== null && !names.has(hop.netns)) names.set(hop.netns, '');
  const order = [...new Set(hops.map((hop) => hop.netns))];
  const known = order.length === 3 ? ['web', 'host', 'out'] : ['host', 'web'];
  for (const [i, netns] of order.entries()) if (netns !== null) names.set(netns, known[i] ?? '');
  const nameOf = (netns: NetnsId) => names.get(netns) ?? '';
  return {
    exchange,
    namesOf: (netns) => [nameOf(netns)],
    containerOf: (netns) => (nameOf(netns) === 'web' ? 'web' : null),
    imageOf: (netns) => (nameOf(netns) === 'web' ? 'nginx:1.27' : null),
    projectOf: () => null,
  };
}

function matches(text: string, subject: FilterSubject): boolean {
  const parsed = parseFilter(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.error.message}`);
  return parsed.matches(subject);
}

function errorOf(text: string) {
  const parsed = parseFilter(text);
  if (parsed.ok) throw new Error(`"${text}" should not parse`);
  const { at, end, message, suggestion } = parsed.error;
  return { under: text.slice(at, end), message, suggestion };
}

describe('a filter', () => {
  test.each([
    ['', true, true],
    ['icmp', true, true],
    ['udp or tcp', false, false],
    ['ip.addr == 172.17.0.2', true, true],
    ['ip.addr == 192.0.2.2', true, false],
    ['ip.dst == 198.51.100.0/24 && icmp.seq == 7', true, false],
    ['ip.addr == 172.17.0.2 && icmp && hop.reason == "NETFILTER_DROP"', true, false],
    ['container == "web"', true, true],
    ['netns == out', true, false],
    ['netns matches O?T*', true, false],
    ['hop.ifname contains "ocker"', false, true],
    ['hop.ifname in {lan0, docker0}', true, true],
    ['hop.ifname in {wlan0}', false, false],
    ['ip.ttl < 64', true, false],
    ['ip.ttl != 63', false, true],
    ['rtt > 0.4ms', false, true],
    ['rtt > 502us', false, false],
    ['rtt', false, true],
    ['not rtt', true, false],
    ['!dropped', false, true],
    ['nat', true, false],
    ['verdict == replied || verdict == dropped', true, true],
    ['NOT (dropped AND nat)', false, true],
    ['ip.version == 6', false, false],
    ['icmp.id == 0x42fa', true, false],
    ['dropped || nat && udp', true, false],
    ['(dropped || nat) && udp', false, false],
    ['container == web || udp && udp', true, true],
    ['eth.addr', true, true],
    ['port == 53', false, false],
    ['port != 53', false, false],
    ['udp.port || tcp.flags || project', false, false],
    ['image matches nginx*', true, true],
    ['hop.stage == kfree_skb', true, false],
    ['hop.stage == netif_rx && frame.len', true, true],
    ['duration > 7us && duration < 1ms', true, true],
    ['icmp.error || unanswered || ip.fragment', false, false],
    ['packet', true, true],
    ['hop.device == web/eth0', true, true],
    ['hop.device == host/eth0', true, false],
  ])('%s', (text, ofDropped, ofReplied) => {
    expect([matches(text, dropped), matches(text, replied)]).toEqual([ofDropped, ofReplied]);
  });

  test.each([
    ['ip.adr == 1.2.3.4', 'ip.adr', 'is no field', 'ip.addr'],
    ['ip.addr = 1.2.3.4', '=', 'write ==', '=='],
    ['ip.addr == 1.2.3', '1.2.3', 'compared with an address', null],
    ['ip.addr == 1.2.3.4/33', '1.2.3.4/33', 'compared with an address', null],
    ['ip.addr > 1.2.3.4', '>', 'use == !=', null],
    ['rtt > 5', '5', 'compared with a time', '5ms'],
    ['rtt > fast', 'fast', 'compared with a time', null],
    ['icmp.seq == one', 'one', 'whole number', null],
    ['verdict == droped', 'droped', 'replied', 'dropped'],
    ['icmp == 1', '==', 'write it alone', null],
    ['container == "web', '"web', 'no closing "', null],
    ['container ==', '', 'a value for container is missing', null],
    ['icmp icmp', 'icmp', 'write && or ||', null],
    ['(icmp', '', 'a ) is missing', ')'],
    ['icmp)', ')', 'closes nothing', null],
    ['hop.ifname in {a b}', 'b', 'a } or a comma', null],
    ['&& icmp', '&&', 'is no field', null],
    ['§', '§', 'no meaning', null],
    ['constructor', 'constructor', 'is no field', null],
  ])('%s: the error stands under what is wrong', (text, under, message, suggestion) => {
    const error = errorOf(text);
    expect(error).toMatchObject({ under, suggestion });
    expect(error.message).toContain(message);
  });

  it('takes every spelling of an address for the same', () => {
    const v6 = subjectOf(
      readTrace(
        { p1: { src: 'fd00::1', dst: 'fd00::2', type: 128, id: 1, seq: 1 } },
        `
   1.0  s1  p1  a/eth0  net_dev_queue
   2.0  s1  p1  b/eth0  netif_rx`,
      ),
    );
    for (const spelling of ['fd00::2', 'FD00:0:0:0:0:0:0:2', 'fd00::/8', 'fd00::0.0.0.2']) {
      expect(matches(`ip.dst == ${spelling}`, v6), spelling).toBe(true);
    }
    expect(matches('ip.dst == fd00::1', v6)).toBe(false);
    expect(matches('ip.addr == 0.0.0.0/0', v6)).toBe(false);
  });

  it('never throws and never hangs, whatever is written', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ...Object.keys(FILTER_FIELDS),
        '&&',
        '||',
        '!',
        '(',
        ')',
        '{',
        '}',
        ',',
        'in',
        '==',
        '<',
        '"',
        '\\',
      ),
      fc.string(),
      fc.ipV4(),
      fc.ipV6(),
      fc.nat().map(String),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join(' ');
        const parsed = parseFilter(text);
        if (parsed.ok) expect(typeof parsed.matches(dropped)).toBe('boolean');
        else {
          const { at, end } = parsed.error;
          expect(at >= 0 && at <= end && end <= text.length).toBe(true);
        }
        completeFilter(text, text.length);
      }),
    );
    expect(parseFilter('('.repeat(1900)).ok).toBe(false);
    expect(parseFilter('!'.repeat(1900)).ok).toBe(false);
    expect(matches(`hop.ifname matches "${'*a'.repeat(900)}b"`, dropped)).toBe(false);
  });
});

describe('completion', () => {
  const texts = (filter: string, values = {}) => completeFilter(filter, filter.length, values).map(({ text }) => text);

  it('offers fields by their beginning or that of a part', () => {
    expect(texts('')).toEqual(Object.keys(FILTER_FIELDS));
    expect(texts('icmp && addr')).toEqual(['ip.addr', 'eth.addr']);
  });
  it('offers what fits the field', () => {
    expect(texts('rtt ')).toEqual(['==', '!=', '<', '<=', '>', '>=', 'in', '&&', '||']);
    expect(texts('verdict == re')).toEqual(['replied']);
    expect(texts('verdict in {error, dro')).toEqual(['dropped']);
    expect(texts('icmp ')).toEqual(['&&', '||']);
    expect(texts('rtt > 1ms ')).toEqual(['&&', '||']);
  });
  it('offers what is on the page, in quotes where it needs them', () => {
    expect(texts('container == ', { container: ['web', 'my db'] })).toEqual(['web', '"my db"']);
  });
  it('says what it takes the place of', () => {
    expect(completeFilter('icmp && verd', 12)).toEqual([{ text: 'verdict', help: 'how it ended', at: 8 }]);
  });
});
