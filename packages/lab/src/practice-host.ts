// The practice host: what a machine with Docker looks like, with nothing of Docker in it.
//
//   web ─┐
//        docker0 (host) ── eth0 ── outside
//   db ──┘
//
// Every address is reserved for documentation or private use (RFC 5737, 3849, 4193).
import type { LabTopology } from './topology.ts';

/** Lives in `outside`, behind the host's masquerading. */
const OUTSIDE_ADDRESS = '198.51.100.9';

/** Would be answered by `outside`, but the host's FORWARD chain drops what goes there: the practice drop. */
const PRACTICE_DROP_ADDRESS = '203.0.113.66';

const HOST_RULES = {
  nft: `
table ip practice {
  chain postrouting {
    type nat hook postrouting priority 100;
    ip saddr 172.17.0.0/16 oifname != "docker0" masquerade
  }
  chain forward {
    type filter hook forward priority 0;
    ip daddr ${PRACTICE_DROP_ADDRESS} counter drop comment "the practice drop: this address never answers"
  }
}`,
  iptables: [
    'iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
    `iptables -A FORWARD -d ${PRACTICE_DROP_ADDRESS} -j DROP`,
  ],
  optional: true,
};

export const PRACTICE_HOST: LabTopology = {
  namespaces: [
    {
      name: 'host',
      host: true,
      bridges: [{ name: 'docker0', mac: '02:42:7f:00:17:01', ports: ['veth4b1f2a0', 'veth9c07d3e'] }],
      addresses: {
        docker0: ['172.17.0.1/16', 'fd00:172:17::1/64'],
        eth0: ['192.0.2.2/24', 'fd00:192::2/64'],
      },
      routes: ['default via 192.0.2.1', 'default via fd00:192::1'],
      sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 },
      firewall: HOST_RULES,
    },
    {
      name: 'web',
      addresses: { eth0: ['172.17.0.2/16', 'fd00:172:17::2/64'] },
      routes: ['default via 172.17.0.1', 'default via fd00:172:17::1'],
    },
    {
      name: 'db',
      addresses: { eth0: ['172.17.0.3/16', 'fd00:172:17::3/64'] },
      routes: ['default via 172.17.0.1', 'default via fd00:172:17::1'],
    },
    {
      name: 'outside',
      addresses: {
        lo: [`${OUTSIDE_ADDRESS}/32`, `${PRACTICE_DROP_ADDRESS}/32`, '2001:db8::9/128'],
        lan0: ['192.0.2.1/24', 'fd00:192::1/64'],
      },
      // Unused while the host masquerades; with it the ping is answered also where no NAT tool is installed.
      routes: ['172.17.0.0/16 via 192.0.2.2', 'fd00:172:17::/64 via fd00:192::2'],
      sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 },
    },
  ],
  wires: [
    {
      a: { namespace: 'host', name: 'veth4b1f2a0' },
      b: { namespace: 'web', name: 'eth0', mac: '02:42:ac:11:00:02' },
    },
    {
      a: { namespace: 'host', name: 'veth9c07d3e' },
      b: { namespace: 'db', name: 'eth0', mac: '02:42:ac:11:00:03' },
    },
    {
      a: { namespace: 'host', name: 'eth0', mac: '02:00:c0:00:02:02' },
      b: { namespace: 'outside', name: 'lan0', mac: '02:00:c0:00:02:01' },
    },
  ],
  traffic: [
    { namespace: 'host', argv: ping(1, '172.17.0.2') },
    { namespace: 'web', argv: ping(1, '172.17.0.3'), afterMs: 330 },
    { namespace: 'web', argv: ping(1, OUTSIDE_ADDRESS), afterMs: 660 },
    { namespace: 'db', argv: ping(6, PRACTICE_DROP_ADDRESS), afterMs: 2500 },
  ],
};

function ping(everySeconds: number, address: string): string[] {
  return ['ping', '-n', '-q', '-i', String(everySeconds), address];
}
