// The practice host: what a machine with Docker looks like, with nothing of Docker in it.
//
//   web ─┐
//        docker0 (host) ── eth0 ── outside
//   db ──┘
//
// Every address is reserved for documentation or private use (RFC 5737, 3849, 4193).
import type { LabTopology } from './topology.ts';

/** Where everything is, for what is built upon the practice host. */
export const PRACTICE_ADDRESS = {
  web: '172.17.0.2',
  db: '172.17.0.3',
  dbMac: '02:42:ac:11:00:03',
  docker0: '172.17.0.1',
  uplink: '192.0.2.2',
  uplink6: 'fd00:192::2',
  router: '192.0.2.1',
  routerMac: '02:00:c0:00:02:01',
  router6: 'fd00:192::1',
  /** Lives in `outside`, behind the host's masquerading. */
  outside: '198.51.100.9',
  outside6: '2001:db8::9',
  /** Would be answered by `outside`, but the host's FORWARD chain drops what goes there: the practice drop. */
  drop: '203.0.113.66',
  /** For faults: a sender that the host would not expect on docker0, a network that no one has, and UDP ports. */
  stray: '192.168.77.2',
  loop: '198.51.100.128/25',
  inLoop: '198.51.100.200',
  closedPort: 9,
  busyPort: 9000,
} as const;

/** Devices of the host whose names are as random as Docker's. */
export const PRACTICE_DEVICE = { webPort: 'veth4b1f2a0', dbPort: 'veth9c07d3e' } as const;

const AT = PRACTICE_ADDRESS;

const HOST_RULES = {
  nft: `
table ip practice {
  chain postrouting {
    type nat hook postrouting priority 100;
    ip saddr 172.17.0.0/16 oifname != "docker0" masquerade
  }
  chain forward {
    type filter hook forward priority 0;
    ip daddr ${AT.drop} counter drop comment "the practice drop: this address never answers"
  }
}`,
  iptables: [
    'iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
    `iptables -A FORWARD -d ${AT.drop} -j DROP`,
  ],
  optional: true,
};

export const PRACTICE_HOST: LabTopology = {
  namespaces: [
    {
      name: 'host',
      host: true,
      bridges: [
        { name: 'docker0', mac: '02:42:7f:00:17:01', ports: [PRACTICE_DEVICE.webPort, PRACTICE_DEVICE.dbPort] },
      ],
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
        lo: [`${AT.outside}/32`, `${AT.drop}/32`, '2001:db8::9/128'],
        lan0: ['192.0.2.1/24', 'fd00:192::1/64'],
      },
      // Unused while the host masquerades; with it the ping is answered also where no NAT tool is installed.
      routes: ['172.17.0.0/16 via 192.0.2.2', 'fd00:172:17::/64 via fd00:192::2'],
      sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 },
    },
  ],
  wires: [
    {
      a: { namespace: 'host', name: PRACTICE_DEVICE.webPort },
      b: { namespace: 'web', name: 'eth0', mac: '02:42:ac:11:00:02' },
    },
    {
      a: { namespace: 'host', name: PRACTICE_DEVICE.dbPort },
      b: { namespace: 'db', name: 'eth0', mac: AT.dbMac },
    },
    {
      a: { namespace: 'host', name: 'eth0', mac: '02:00:c0:00:02:02' },
      b: { namespace: 'outside', name: 'lan0', mac: AT.routerMac },
    },
  ],
  traffic: [
    { namespace: 'host', argv: ping(1, '172.17.0.2') },
    { namespace: 'web', argv: ping(1, '172.17.0.3'), afterMs: 330 },
    { namespace: 'web', argv: ping(1, AT.outside), afterMs: 660 },
    { namespace: 'db', argv: ping(6, AT.drop), afterMs: 2500 },
  ],
};

function ping(everySeconds: number, address: string): string[] {
  return ['ping', '-n', '-q', '-i', String(everySeconds), address];
}
