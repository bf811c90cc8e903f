import { EVIDENCE, type Evidence, type Link, type Topology } from '@hopscope/protocol';
import { describe, expect, test } from 'vitest';
import type { Drop, Exchange } from '../exchange.ts';
import type { FibLookup } from '../fib-lookup.ts';
import { assemble, exchangesOf } from '../test-assemble.ts';
import { placeOf, readTrace } from '../test-trace.ts';
import { DROP_CAUSES, findSentence, PLACES } from './cause-table.ts';
import { explainDrop } from './explain-drop.ts';
import { gatherEvidence } from './gather-evidence.ts';

const request = { src: '10.9.1.1', dst: '10.9.2.1', type: 8, id: 7, seq: 1 };

const link = (ifindex: number, name: string, more: Partial<Link> = {}): Link => ({
  ifindex,
  name,
  kind: 'veth',
  type: 1,
  mac: '',
  mtu: 1500,
  up: true,
  operstate: 'up',
  master: 0,
  portState: '',
  peer: null,
  addresses: [],
  vlanId: 0,
  vxlanId: 0,
  vxlanRemote: '',
  ...more,
});

/** A request that came in by r0 of the namespace `router` and died there; `drop` changes what the kernel said. */
function droppedExchange(drop: Partial<Drop>): { exchange: Exchange; topology: Topology } {
  const hops = readTrace(
    { p1: request },
    `
      10.0  s1  p1  client/l0  net_dev_start_xmit
      12.0  s1  p1  router/r0  netif_rx
      15.0  s1  p1  router/r0  kfree_skb  NOT_SPECIFIED
    `,
  );
  const assembler = assemble(hops);
  assembler.advance(10_000_000_000 as Drop['t']);
  const [exchange] = exchangesOf(assembler);
  if (exchange?.drop === undefined || exchange.drop === null) throw new Error('the trace has no drop');
  const changed: Drop = { ...exchange.drop, ...drop };
  const { netns } = placeOf('router/r0');
  const topology: Topology = {
    namespaces: [
      {
        id: exchange.drop.netns as NonNullable<Drop['netns']>,
        inum: netns,
        cookie: '',
        host: false,
        names: [{ text: 'router', source: 'netns', image: '', project: '' }],
        links: [
          link(placeOf('router/r0').ifindex, 'r0', { portState: 'blocking', master: 9 }),
          link(8, 'r1', { mtu: 1300, operstate: 'lowerlayerdown' }),
          link(9, 'br0', { kind: 'bridge' }),
        ],
        defaultRoutes: [],
      },
    ],
  };
  const { request: journey } = exchange;
  return {
    exchange: { ...exchange, drop: changed, request: journey === null ? null : { ...journey, drop: changed } },
    topology,
  };
}

const lookup = (more: Partial<FibLookup>): FibLookup => ({
  table: 254,
  error: 0,
  oif: 8,
  family: 4,
  src: request.src,
  dst: request.dst,
  gateway: null,
  ...more,
});

function sentence(drop: Partial<Drop>, facts: Evidence = {}): string {
  const { exchange, topology } = droppedExchange(drop);
  return explainDrop(exchange, gatherEvidence(exchange, topology, facts));
}

describe('the table of causes', () => {
  const facts = new Set([...Object.keys(EVIDENCE), ...Object.keys(PLACES)]);
  const fields = new Set(['reason', 'symbol', 'when', 'say']);

  test('names facts, conditions and kernel functions that there can be', () => {
    for (const cause of DROP_CAUSES) {
      expect(Object.keys(cause).filter((field) => !fields.has(field))).toEqual([]);
      for (const names of [cause.reason, cause.symbol]) {
        if (names !== undefined) expect(names.length, cause.say).toBeGreaterThan(0);
        for (const name of names ?? []) expect(name, cause.say).toMatch(/^\w+\*?$/);
      }
      for (const [fact, condition] of Object.entries(cause.when ?? {})) {
        expect(facts, cause.say).toContain(fact);
        if (typeof condition !== 'object' || Array.isArray(condition)) continue;
        for (const bound of Object.keys(condition))
          expect(['known', 'atMost', 'atLeast', 'above', 'differsFrom']).toContain(bound);
        if ('above' in condition) expect(facts, cause.say).toContain(condition.above);
        if ('differsFrom' in condition) expect(facts, cause.say).toContain(condition.differsFrom);
      }
      for (const [, fact] of cause.say.matchAll(/\{([^{}]*)\}/g)) expect(facts, cause.say).toContain(fact);
    }
  });

  test('says one sentence in every entry', () => {
    for (const { say } of DROP_CAUSES) {
      expect(say).toMatch(/^(?:[A-Z]|\{Packet\}|\{device\}).*\.$/);
      // Commands hold full stops; a second sentence would begin behind one.
      expect(say.replace(/`[^`]*`/g, '')).not.toMatch(/\. [A-Z]/);
      expect(say).not.toContain('\n');
      // A space comes with {where}.
      expect(say).not.toMatch(/ \{where\}|\{where\}\w/);
    }
  });

  test('no entry is hidden by an earlier one that is more general', () => {
    const key = (one: unknown) => JSON.stringify(one ?? null);
    for (const [at, cause] of DROP_CAUSES.entries()) {
      const hiding = DROP_CAUSES.slice(0, at).find(
        (earlier) =>
          key(earlier.reason) === key(cause.reason) &&
          key(earlier.symbol) === key(cause.symbol) &&
          key(earlier.when) === key(cause.when) &&
          [...earlier.say.matchAll(/\{[^{}]*\}/g)].every(([place]) => cause.say.includes(place)),
      );
      expect(hiding, cause.say).toBeUndefined();
    }
  });

  test('a reason that nobody wrote a sentence for gets one that says so', () => {
    expect(sentence({ reason: 'QUITE_NEW', location: 'some_function+0x12' })).toBe(
      'The kernel dropped the request on r0 in router in some_function() with the reason QUITE_NEW: ' +
        "the kernel's include/net/dropreason-core.h says what that means.",
    );
    expect(sentence({ reason: '196609', location: '' })).toContain('with the reason 196609');
    expect(sentence({ reason: '0', location: '' })).toContain('neither a reason nor a place');
  });

  test('a new cause is a new entry', () => {
    const table = [
      { reason: ['QUITE_NEW'], when: { 'packet.ttl': { atMost: 3 } }, say: 'New{where}.' },
      ...DROP_CAUSES,
    ];
    expect(findSentence({ reason: 'QUITE_NEW', 'packet.ttl': 3, where: ' here' }, table)).toBe('New here.');
    expect(findSentence({ reason: 'QUITE_NEW', 'packet.ttl': 4, where: ' here' }, table)).toBeNull();
  });

  test.each([
    ['eth0.5', 'On eth0.5: see `ip link show dev eth0.5`.'],
    ['x;reboot', "On x;reboot: see `ip link show dev 'x;reboot'`."],
    ["a'$(b)", "On a'$(b): see `ip link show dev 'a'\\''$(b)'`."],
    ["a`b'c\\", "On a'b'c\\: see `ip link show dev $'a\\x60b\\'c\\\\'`."],
  ])('a name like %s puts no command of its own into ours', (device, text) => {
    const table = [{ say: 'On {device}: see `ip link show dev {device}`.' }];
    expect(findSentence({ device }, table)).toBe(text);
  });

  test('parts of split functions count as the function', () => {
    const say = (location: string) => sentence({ reason: 'NOT_SPECIFIED', location });
    expect(say('nf_hook_slow.constprop.0+0x1f')).toContain('firewall');
    expect(say('nf_hook_slower+0x1f')).not.toContain('firewall');
  });
});

describe('evidence', () => {
  test('is empty when nothing was dropped', () => {
    const hops = readTrace({ p1: request }, '10.0  s1  p1  client/l0  net_dev_start_xmit');
    const [exchange] = exchangesOf(assemble(hops));
    expect(exchange).toBeDefined();
    if (exchange === undefined) return;
    expect(explainDrop(exchange, gatherEvidence(exchange, { namespaces: [] }, {}))).toBe('');
  });

  test('comes from the headers, the topology and the route lookups', () => {
    const { exchange, topology } = droppedExchange({
      routes: [lookup({ table: 255, error: 11, oif: 0 }), lookup({ gateway: '10.9.2.254' })],
    });
    expect(gatherEvidence(exchange, topology, { rp_filter: 1 })).toEqual({
      'netns.title': 'router',
      'packet.length': expect.any(Number),
      'packet.ttl': 64,
      'packet.df': expect.any(Boolean),
      'route.found': true,
      'route.table': 'main',
      'route.gateway': '10.9.2.254',
      'route.device': 'r1',
      'route.device.up': true,
      'route.device.state': 'lowerlayerdown',
      'route.device.mtu': 1300,
      'link.device': 'r0',
      'link.up': true,
      'link.state': 'up',
      'link.mtu': 1500,
      'link.master': 'br0',
      'port.state': 'blocking',
      'port.device': 'r0',
      rp_filter: 1,
    });
  });

  test('tells a table that has no answer from a route that refuses', () => {
    const of = (routes: FibLookup[]) => {
      const { exchange, topology } = droppedExchange({ routes });
      const evidence = gatherEvidence(exchange, topology, {});
      return [evidence['route.found'], evidence['route.error']];
    };
    expect(of([lookup({ error: 11 }), lookup({ error: 11 })])).toEqual([false, 'ENETUNREACH']);
    expect(of([lookup({ error: 11 }), lookup({ error: 13 })])).toEqual([false, 'EACCES']);
    expect(of([lookup({ dst: request.src })])).toEqual([undefined, undefined]);
    expect(of([])).toEqual([undefined, undefined]);
  });
});

describe('a sentence says no more than the evidence', () => {
  const rule: Evidence = {
    'netfilter.family': 'ip',
    'netfilter.table': 'filter',
    'netfilter.chain': 'FORWARD',
    'netfilter.tool': 'iptables',
    'netfilter.rule': '-d 10.9.2.1 -j DROP',
    'netfilter.hook': 'forward',
  };
  const netfilter = (facts: Evidence) => sentence({ reason: 'NETFILTER_DROP', location: 'nft_do_chain+0x1' }, facts);

  test('a rule that was told exactly, and one inferred', () => {
    expect(netfilter({ ...rule, 'netfilter.exact': true })).toBe(
      'The firewall rule “-d 10.9.2.1 -j DROP” in chain FORWARD (table ip filter) dropped the request on r0 in router: ' +
        'see it with `iptables -t filter -vnL FORWARD --line-numbers` there.',
    );
    expect(netfilter({ ...rule, 'netfilter.exact': false, 'netfilter.how': 'counter' })).toMatch(
      /^Probably .* inferred from its counter: /,
    );
  });

  test('a chain, a hook, or nothing but the reason', () => {
    const { 'netfilter.rule': _, ...chain } = rule;
    expect(netfilter({ ...chain, 'netfilter.exact': false })).toMatch(/probably in chain FORWARD/);
    expect(netfilter({ 'netfilter.hook': 'forward' })).toMatch(/at the forward hook: look for the rule with `nft/);
    expect(netfilter({})).toMatch(/^The firewall dropped the request on r0 in router: /);
  });

  test.each([
    ['IP_RPFILTER', 'ip_rcv_finish_core+0x1', { rp_filter: 1, 'rp_filter.device': 'r0' }, 'ip route get 10.9.1.1'],
    ['IP_INNOROUTES', 'ip_error+0x94', {}, 'no route to 10.9.2.1'],
    ['NEIGH_FAILED', 'neigh_invalidate+0x7e', { 'neighbour.address': '10.9.2.1' }, 'next hop 10.9.2.1'],
    [
      'IP_INADDRERRORS',
      'ip_error+0x94',
      { 'sysctl.name': 'net.ipv4.ip_forward', 'sysctl.value': '0' },
      'forwarding is off',
    ],
    [
      'NOT_SPECIFIED',
      'veth_xdp_rcv_skb+0x2cc',
      { 'xdp.program': 'xdp_drop', 'xdp.mode': 'native' },
      'Probably the XDP',
    ],
    ['NOT_SPECIFIED', 'br_handle_frame_finish+0x1', {}, 'port that is blocking'],
    ['TC_INGRESS', '__netif_receive_skb_core+0x1', {}, 'tc filter show dev r0 ingress'],
    ['NOT_SPECIFIED', 'ip_error+0x94', { 'route.error': 'EACCES' }, 'prohibit route'],
    ['ICMP_CSUM', 'icmp_rcv+0x1ff', {}, 'ICMP checksum of the request is wrong'],
  ] as const)('%s at %s', (reason, location, facts, text) => {
    expect(sentence({ reason, location }, facts)).toContain(text);
  });
});
