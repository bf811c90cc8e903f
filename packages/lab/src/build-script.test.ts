import { describe, expect, test } from 'vitest';
import {
  checkTopology,
  devicesScript,
  firewallScripts,
  namespaceScript,
  namespacesScript,
  scriptInside,
  trafficScript,
} from './build-script.ts';
import { PRACTICE_HOST } from './practice-host.ts';
import type { LabTopology } from './topology.ts';

const PAIR: LabTopology = {
  namespaces: [
    {
      name: 'left',
      bridges: [{ name: 'br0', ports: ['p0'] }],
      addresses: { br0: ['10.0.0.1/24', 'fd00::1/64'] },
      routes: ['default via 10.0.0.2', 'default via fd00::2'],
      sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 },
    },
    { name: 'right' },
  ],
  wires: [
    { a: { namespace: 'left', name: 'p0' }, b: { namespace: 'right', name: 'eth0', mac: '02:00:00:00:00:02' } },
    { a: { namespace: 'left', name: 'p1' }, b: { namespace: 'right', name: 'eth1' } },
  ],
};
const [LEFT = { name: '' }] = PAIR.namespaces;

describe('checkTopology', () => {
  test('takes the practice host', () => {
    expect(() => checkTopology(PRACTICE_HOST)).not.toThrow();
  });

  test.each([
    [{ namespaces: [{ name: 'a' }, { name: 'a' }] }, 'two namespaces are named "a"'],
    [{ namespaces: [{ name: 'a b' }] }, '"a b" is no name for a namespace'],
    [{ namespaces: [{ name: '-x' }] }, '"-x" is no name for a namespace'],
    [{ namespaces: [], traffic: [{ namespace: 'x', argv: ['true'] }] }, 'there is no namespace "x"'],
    [
      {
        namespaces: [{ name: 'a' }],
        wires: [{ a: { namespace: 'a', name: 'e' }, b: { namespace: 'b', name: 'e' } }],
      },
      'there is no namespace "b"',
    ],
  ] satisfies [LabTopology, string][])('refuses a contradiction: %#', (topology, why) => {
    expect(() => checkTopology(topology)).toThrow(`the lab cannot be built: ${why}`);
  });
});

test('both ends of a wire are made where they belong, and no two devices share an ifindex', () => {
  const script = namespacesScript(PAIR);
  expect(script).toContain('netns add left\nnetns add right\n');
  expect(script).toContain(
    'link add name p0 index 12 netns left type veth peer name eth0 index 11 address 02:00:00:00:00:02 netns right\n',
  );
  expect(script).toContain('link add name p1 index 14 netns left type veth peer name eth1 index 13 netns right\n');
});

test('a namespace is wired and addressed before its devices go up, and routed after', () => {
  const script = `${devicesScript(LEFT)}\n${namespaceScript(PAIR, LEFT, { ipv6: true })}`;
  const order = [
    'link add br0 type bridge',
    'link set p0 master br0',
    'addr add 10.0.0.1/24 dev br0',
    'addr add fd00::1/64 dev br0 nodad',
    'echo 1 >/proc/sys/net/ipv4/ip_forward',
    'echo 1 >/proc/sys/net/ipv6/conf/all/forwarding',
    'link set lo up',
    'link set p0 up',
    'link set p1 up',
    'link set br0 up',
    'route add default via 10.0.0.2',
    'route add default via fd00::2',
  ];
  expect(script.split('\n').filter((line) => order.includes(line))).toEqual(order);
});

test('without IPv6 on the machine nothing of IPv6 is tried', () => {
  const script = namespaceScript(PAIR, LEFT, { ipv6: false });
  expect(script).not.toMatch(/fd00|ipv6/);
  expect(script).toContain('route add default via 10.0.0.2');
});

test('nft comes before iptables', () => {
  expect(
    firewallScripts({ iptables: ['iptables -A INPUT -j DROP', 'iptables -A OUTPUT -j DROP'], nft: 'table x' }),
  ).toEqual([expect.stringMatching(/^nft -f - <</), 'iptables -A INPUT -j DROP && iptables -A OUTPUT -j DROP']);
});

test('arguments and scripts reach the shell as they are', () => {
  expect(trafficScript({ namespace: 'left', argv: ['echo', "it's", '$HOME'], afterMs: 330 })).toBe(
    `nsenter --net=/run/netns/left -- sh -c 'sleep "$1"; shift; exec "$@"' sh 0.33 echo 'it'\\''s' '$HOME' </dev/null >/dev/null 2>&1 &`,
  );
  expect(scriptInside('left', "echo 'a'")).toBe(`nsenter --net=/run/netns/left -- sh -e -c 'echo '\\''a'\\'''`);
});
