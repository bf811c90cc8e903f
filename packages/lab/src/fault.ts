// A fault: a small declared change of a built lab, the traffic that shows it, and the way back.
import { heredoc, shellQuote, sysctlFile, sysctlScript } from './shell.ts';
import type { LabTraffic, LabXdp } from './topology.ts';
import { noXdpScript, xdpScript } from './xdp.ts';

export interface LabFault {
  /** As `--fault` takes it: `forward-drop`. */
  readonly name: string;
  /** What is wrong, as an administrator would say it. */
  readonly summary: string;
  /** Applied in this order, undone in the opposite one. */
  readonly changes: readonly LabChange[];
  /** Traffic that dies by it, or goes unanswered. */
  readonly probe: LabProbe;
}

/** Shell lines, run by root in the namespace. */
export interface LabChange {
  readonly namespace: string;
  readonly apply: string;
  readonly undo: string;
  /** Programs it needs. */
  readonly tools: readonly string[];
}

export interface LabProbe {
  readonly namespace: string;
  readonly kind: 'ping' | 'udp';
  readonly to: string;
  /** Of UDP. */
  readonly port?: number;
  /** More arguments for ping. */
  readonly flags?: readonly string[];
  /** Payload bytes. Default 56. */
  readonly size?: number;
}

const DEFAULT_SIZE = 56;

/** The probe, sent `count` times (0: every two seconds for ever). */
export function probeTraffic({ namespace, kind, to, port, flags = [], size = DEFAULT_SIZE }: LabProbe, count: number) {
  const traffic: LabTraffic = {
    namespace,
    argv:
      kind === 'ping'
        ? [
            'ping',
            '-n',
            '-q',
            '-i',
            '2',
            ...(count > 0 ? ['-c', `${count}`, '-W', '1'] : []),
            ...flags,
            '-s',
            `${size}`,
            to,
          ]
        : ['bash', '-c', udpLoop(`/dev/udp/${to}/${port}`, size, count)],
  };
  return traffic;
}

/** One write is one datagram. What comes back as an error is not ours to report. */
function udpLoop(target: string, size: number, count: number): string {
  const send = `head -c ${size} /dev/zero >${target}`;
  if (count === 0) return `while :; do ${send}; sleep 2; done`;
  return Array.from({ length: count }, () => send).join('; ');
}

/** What a person types in the probe's namespace. */
export function probeCommand({ kind, to, port, flags = [], size }: LabProbe): string {
  if (kind === 'udp') return `bash -c ${shellQuote(`echo hello >/dev/udp/${to}/${port}`)}`;
  return ['ping', ...flags, ...(size === undefined ? [] : ['-s', `${size}`]), to].join(' ');
}

/** A rule at the end of a chain; `rule` is what follows `iptables -A`. */
export function iptablesRule(namespace: string, rule: string, table = 'filter'): LabChange {
  const iptables = `iptables -w -t ${table}`;
  return { namespace, apply: `${iptables} -A ${rule}`, undo: `${iptables} -D ${rule}`, tools: ['iptables'] };
}

/** A table of its own with one chain. @param hook as in nft: `hook forward priority 0` */
export function nftChain(namespace: string, family: string, hook: string, rule: string): LabChange {
  const table = `table ${family} fault {\n  chain fault {\n    type filter ${hook};\n    ${rule}\n  }\n}`;
  return { namespace, apply: `nft -f - ${heredoc(table)}`, undo: `nft delete table ${family} fault`, tools: ['nft'] };
}

/** Its value from before comes back: namespaces may take theirs from the machine, so it is not known here. */
export function sysctl(namespace: string, name: string, value: number): LabChange {
  const saved = `/run/before-${namespace}-${name}`;
  return {
    namespace,
    apply: `cat ${sysctlFile(name)} >${saved}\n${sysctlScript(name, value)}`,
    undo: `cat ${saved} >${sysctlFile(name)}`,
    tools: [],
  };
}

/** Arguments for `ip`, such as `route del default`, and for the way back. */
export function ipChange(namespace: string, apply: string, undo: string): LabChange {
  return { namespace, apply: `ip ${apply}`, undo: `ip ${undo}`, tools: [] };
}

export function xdp(namespace: string, device: string, program: LabXdp): LabChange {
  return { namespace, apply: xdpScript(device, program), undo: noXdpScript(device, program), tools: ['clang'] };
}

/** A traffic control filter that drops IPv4 ICMP. Classic BPF: every kernel with clsact has it, and no compiler is needed. */
export function tcDropIcmp(namespace: string, device: string, way: 'ingress' | 'egress'): LabChange {
  // if (EtherType == 0x0800 && IPv4 protocol == 1) return TC_ACT_SHOT (2); return TC_ACT_UNSPEC (-1)
  const bytecode = '6,40 0 0 12,21 0 3 2048,48 0 0 23,21 0 1 1,6 0 0 2,6 0 0 4294967295';
  return {
    namespace,
    apply: `tc qdisc add dev ${device} clsact\ntc filter add dev ${device} ${way} bpf direct-action bytecode '${bytecode}'`,
    undo: `tc qdisc del dev ${device} clsact`,
    tools: ['tc'],
  };
}

/** A program in the background. @param ready shell condition that holds when it does its work */
export function program(namespace: string, argv: readonly string[], ready: string): LabChange {
  const pidFile = `/run/fault-${argv[0]}.pid`;
  return {
    namespace,
    apply: `${argv.map(shellQuote).join(' ')} </dev/null >/dev/null 2>&1 &\necho $! >${pidFile}\n${waitUntil(ready)}`,
    undo: `kill "$(cat ${pidFile})"`,
    tools: [argv[0] ?? ''],
  };
}

/** Shell that waits at most three seconds for a condition, and fails when it does not come true. */
export function waitUntil(condition: string): string {
  return `for try in $(seq 30); do ${condition} && break; sleep 0.1; done\n${condition}`;
}
