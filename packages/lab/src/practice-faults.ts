// What can go wrong on the practice host, one fault each: the usual ways in which Linux loses a packet.
import {
  ipChange,
  iptablesRule,
  type LabChange,
  type LabFault,
  nftChain,
  program,
  sysctl,
  tcDropIcmp,
  waitUntil,
  xdp,
} from './fault.ts';
import { PRACTICE_ADDRESS as AT, PRACTICE_DEVICE as DEV } from './practice-host.ts';

const fromWeb = (to: string, ...flags: string[]) => ({ namespace: 'web', kind: 'ping', to, flags }) as const;
const fromWebToUdp = (to: string, port: number) => ({ namespace: 'web', kind: 'udp', to, port }) as const;

/** So that a packet is sent at all when nobody can answer ARP. */
const webKnowsDb = ipChange(
  'web',
  `neigh replace ${AT.db} lladdr ${AT.dbMac} dev eth0 nud permanent`,
  `neigh del ${AT.db} dev eth0`,
);

/** The kernel starts and stops a device's queue some time after its carrier comes or goes, and then says so. */
function waitForUplink(state: 'up' | 'down'): LabChange {
  const pattern = state === 'up' ? 'state UP' : 'state (LOWERLAYER)?DOWN';
  const wait = waitUntil(`ip -o link show dev eth0 | grep -q -E '${pattern}'`);
  return { namespace: 'host', apply: wait, undo: wait, tools: [] };
}

/** A datagram socket that nobody reads, with the smallest buffer, filled up to its end. */
const FULL_SOCKET = `
use Socket;
socket(my $full, PF_INET, SOCK_DGRAM, 0); setsockopt($full, SOL_SOCKET, SO_RCVBUF, 1);
bind($full, sockaddr_in(${AT.busyPort}, INADDR_ANY)) or die;
socket(my $filler, PF_INET, SOCK_DGRAM, 0);
send($filler, "x" x 1000, 0, sockaddr_in(${AT.busyPort}, INADDR_LOOPBACK)) for 1 .. 8;
open(my $ready, ">", "/run/fault-full"); close($ready);
sleep;`;

const firewall: readonly LabFault[] = [
  {
    name: 'forward-drop',
    summary: 'an iptables rule in FORWARD of the host drops what web sends outside',
    changes: [iptablesRule('host', `FORWARD -s ${AT.web} -d ${AT.outside} -j DROP`)],
    probe: fromWeb(AT.outside),
  },
  {
    name: 'input-drop',
    summary: 'an iptables rule in INPUT of db drops pings',
    changes: [iptablesRule('db', 'INPUT -p icmp --icmp-type echo-request -j DROP')],
    probe: fromWeb(AT.db),
  },
  {
    name: 'output-drop',
    summary: 'an iptables rule in OUTPUT of web drops what goes to db',
    changes: [iptablesRule('web', `OUTPUT -d ${AT.db} -j DROP`)],
    probe: fromWeb(AT.db),
  },
  {
    name: 'raw-drop',
    summary: 'an iptables rule in PREROUTING of the raw table of the host drops what web sends outside',
    changes: [iptablesRule('host', `PREROUTING -s ${AT.web} -d ${AT.outside} -j DROP`, 'raw')],
    probe: fromWeb(AT.outside),
  },
  {
    name: 'nft-inet-drop',
    summary: 'an nft rule in an inet table of the host drops what web sends outside',
    changes: [nftChain('host', 'inet', 'hook forward priority 0', `ip daddr ${AT.outside} counter drop`)],
    probe: fromWeb(AT.outside),
  },
  {
    name: 'nft-bridge-drop',
    summary: 'an nft rule in a bridge table of the host drops what crosses docker0 to db',
    changes: [nftChain('host', 'bridge', 'hook forward priority 0', `ip daddr ${AT.db} counter drop`)],
    probe: fromWeb(AT.db),
  },
  {
    name: 'nft-ingress-drop',
    summary: 'an nft rule in a netdev table of the host drops pings that come in from web',
    changes: [
      nftChain('host', 'netdev', `hook ingress device ${DEV.webPort} priority 0`, 'ip protocol icmp counter drop'),
    ],
    probe: fromWeb(AT.db),
  },
  {
    name: 'nft-egress-drop',
    summary: 'an nft rule in a netdev table of the host drops pings that go out to the uplink',
    changes: [nftChain('host', 'netdev', 'hook egress device eth0 priority 0', 'ip protocol icmp counter drop')],
    probe: fromWeb(AT.outside),
  },
  {
    name: 'tc-ingress-drop',
    summary: 'a traffic control filter drops pings that come in to db',
    changes: [tcDropIcmp('db', 'eth0', 'ingress')],
    probe: fromWeb(AT.db),
  },
  {
    name: 'tc-egress-drop',
    summary: 'a traffic control filter drops pings that go out to the uplink of the host',
    changes: [tcDropIcmp('host', 'eth0', 'egress')],
    probe: fromWeb(AT.outside),
  },
  {
    name: 'xdp-drop',
    summary: 'an XDP program of generic mode drops pings that come in to db',
    changes: [xdp('db', 'eth0', { program: 'drop-icmp', mode: 'generic' })],
    probe: fromWeb(AT.db),
  },
  {
    name: 'xdp-native-drop',
    summary: 'an XDP program in the driver drops pings that come in to db',
    changes: [xdp('db', 'eth0', { program: 'drop-icmp', mode: 'native' })],
    probe: fromWeb(AT.db),
  },
];

const routing: readonly LabFault[] = [
  {
    name: 'rp-filter',
    summary: 'web sends from an address that the host would answer by another interface, and rp_filter is strict',
    changes: [
      // The larger of the two holds.
      sysctl('host', 'net.ipv4.conf.all.rp_filter', 0),
      sysctl('host', 'net.ipv4.conf.docker0.rp_filter', 1),
      ipChange('web', `addr add ${AT.stray}/32 dev lo`, `addr del ${AT.stray}/32 dev lo`),
    ],
    probe: fromWeb(AT.docker0, '-I', AT.stray),
  },
  {
    name: 'no-route',
    summary: 'the host has lost its default route',
    changes: [ipChange('host', `route del default via ${AT.router}`, `route add default via ${AT.router}`)],
    probe: fromWeb(AT.outside),
  },
  {
    name: 'blackhole',
    summary: 'a blackhole route of the host swallows what goes outside',
    changes: [ipChange('host', `route add blackhole ${AT.outside}`, `route del blackhole ${AT.outside}`)],
    probe: fromWeb(AT.outside),
  },
  {
    name: 'no-neighbour',
    summary: 'the router outside does not answer ARP',
    changes: [
      ipChange('outside', 'link set lan0 arp off', 'link set lan0 arp on'),
      ipChange('host', 'neigh flush dev eth0', 'neigh flush dev eth0'),
    ],
    probe: fromWeb(AT.outside),
  },
  {
    name: 'routing-loop',
    summary: 'host and db send one network back and forth until its packets are too old',
    changes: [
      sysctl('db', 'net.ipv4.ip_forward', 1),
      sysctl('db', 'net.ipv4.conf.eth0.send_redirects', 0),
      sysctl('db', 'net.ipv4.conf.all.send_redirects', 0),
      sysctl('host', 'net.ipv4.conf.docker0.send_redirects', 0),
      sysctl('host', 'net.ipv4.conf.all.send_redirects', 0),
      ipChange('host', `route add ${AT.loop} via ${AT.db}`, `route del ${AT.loop}`),
    ],
    probe: fromWeb(AT.inLoop, '-t', '4'),
  },
  {
    name: 'mtu',
    summary: 'the uplink of the host takes only 1400 bytes, and the packets must not be fragmented',
    // The sender forgets at once what it learned, so that it goes on sending too much.
    changes: [
      sysctl('web', 'net.ipv4.route.mtu_expires', 1),
      ipChange('host', 'link set eth0 mtu 1400', 'link set eth0 mtu 1500'),
    ],
    probe: { ...fromWeb(AT.outside, '-M', 'do'), size: 1440 },
  },
  {
    name: 'mtu-ipv6',
    summary: 'the uplink of the host takes only 1400 bytes, and routers do not fragment IPv6',
    changes: [
      sysctl('web', 'net.ipv6.route.mtu_expires', 1),
      ipChange('host', 'link set eth0 mtu 1400', 'link set eth0 mtu 1500'),
    ],
    probe: { ...fromWeb(AT.outside6, '-M', 'do'), size: 1446 },
  },
];

const ends: readonly LabFault[] = [
  {
    name: 'udp-no-listener',
    summary: 'nobody listens on the UDP port of db that web sends to',
    changes: [],
    probe: fromWebToUdp(AT.db, AT.closedPort),
  },
  {
    name: 'socket-full',
    summary: 'the program on the UDP port of db does not read, and its buffer is full',
    changes: [program('db', ['perl', '-e', FULL_SOCKET], '[ -e /run/fault-full ]')],
    probe: { ...fromWebToUdp(AT.db, AT.busyPort), size: 400 },
  },
  {
    name: 'echo-ignore',
    summary: 'db is set not to answer pings',
    changes: [sysctl('db', 'net.ipv4.icmp_echo_ignore_all', 1)],
    probe: fromWeb(AT.db),
  },
  {
    name: 'bad-checksum',
    summary: 'something on the way damages pings, so that their ICMP checksum is wrong',
    changes: [
      nftChain(
        'host',
        'bridge',
        'hook forward priority 0',
        `ip saddr ${AT.web} icmp type echo-request icmp checksum set 1`,
      ),
    ],
    probe: fromWeb(AT.db),
  },
  {
    name: 'bridge-port-down',
    summary: 'the port of docker0 that leads to db is down',
    changes: [webKnowsDb, ipChange('host', `link set ${DEV.dbPort} down`, `link set ${DEV.dbPort} up`)],
    probe: fromWeb(AT.db),
  },
  {
    name: 'bridge-port-disabled',
    summary: 'the port of docker0 that web is plugged into is in the state disabled',
    changes: [
      webKnowsDb,
      {
        namespace: 'host',
        // Without a spanning tree protocol the kernel takes any other state but forwarding back at once.
        apply: `bridge link set dev ${DEV.webPort} state 0`,
        undo: `bridge link set dev ${DEV.webPort} state 3`,
        tools: ['bridge'],
      },
    ],
    probe: fromWeb(AT.db),
  },
  {
    name: 'peer-down',
    summary: 'the far end of the cable at the uplink of the host is down',
    changes: [
      // Else the host would forget the router's MAC address with the carrier, and not even try.
      ipChange(
        'host',
        `neigh replace ${AT.router} lladdr ${AT.routerMac} dev eth0 nud permanent`,
        `neigh replace ${AT.router} lladdr ${AT.routerMac} dev eth0 nud stale`,
      ),
      waitForUplink('up'),
      {
        namespace: 'outside',
        apply: 'ip link set lan0 down',
        // Without its device up the namespace has lost routes, and IPv6 addresses.
        undo: [
          'ip link set lan0 up',
          `ip route replace 172.17.0.0/16 via ${AT.uplink}`,
          `ip addr replace ${AT.router6}/64 dev lan0 nodad`,
          `ip route replace fd00:172:17::/64 via ${AT.uplink6}`,
        ].join('\n'),
        tools: [],
      },
      waitForUplink('down'),
    ],
    probe: fromWeb(AT.outside),
  },
];

/** Of the practice host, in the order in which they are listed. */
export const PRACTICE_FAULTS: readonly LabFault[] = [...firewall, ...routing, ...ends];
