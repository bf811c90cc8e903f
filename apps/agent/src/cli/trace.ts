// `hopscope trace`: packets as lines.
import { childIdentity } from '../capture/identity.ts';
import { openMachine } from '../capture/machine.ts';
import { runCapture } from '../capture/run.ts';
import type { PrinterConfig } from '../lib/child-config.ts';
import { EXIT, type ExitCode, Failure } from '../lib/failure.ts';
import { openLabMachine } from './lab-machine.ts';
import type { OptionValues, TRACE } from './options.ts';
import { readPacketFilter } from './packet-filter.ts';

export function trace(values: OptionValues<typeof TRACE.options>): Promise<ExitCode> {
  const packets = readPacketFilter(values);
  return runCapture({
    child: {
      program: 'printer',
      config: {
        identity: childIdentity(process.env),
        count: values.count,
        what: nameOf(packets),
        ...chooseOutput(values),
        utf8: hasUtf8(process.env),
        timeoutMs: values.timeout === null ? null : values.timeout * 1000,
      },
    },
    openMachine: () => (values.lab ? openLabMachine(null) : openMachine(process.env)),
    netns: values['filter-netns'],
    ifname: values.interface,
    ringBytes: values.buffer,
    packets,
    durationMs: values.duration === null ? null : values.duration * 1000,
    // Drops are explained, and namespaces called, by what it knows.
    inventory: true,
    allowSystemChanges: values['allow-system-changes'],
  });
}

const PROTOCOL_NAMES = { icmp: 'ICMP echo', icmp6: 'ICMPv6 echo', udp: 'UDP', tcp: 'TCP' } as const;

const listOf = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`;

/** `ICMP echo`, `UDP and TCP (port 53)` */
function nameOf({ protocols = ['icmp', 'icmp6'], ports = [] }: ReturnType<typeof readPacketFilter>): string {
  const isEcho = protocols.every((name) => name.startsWith('icmp'));
  const names = isEcho && protocols.length > 1 ? 'ICMP echo' : listOf(protocols.map((name) => PROTOCOL_NAMES[name]));
  return `${names}${ports.length === 0 ? '' : ` (port ${ports.join(', ')})`}`;
}

type Flags = Pick<OptionValues<typeof TRACE.options>, 'json' | 'verbose' | 'tree' | 'report' | 'mtr'>;

/** @throws Failure (usage) for flags that contradict each other */
function chooseOutput(flags: Flags): Pick<PrinterConfig, 'output' | 'table'> {
  const { json, verbose, tree, report, mtr } = flags;
  const exclude = (one: string, others: Readonly<Record<string, boolean>>) => {
    for (const [other, isGiven] of Object.entries(others)) {
      if (isGiven) throw new Failure(EXIT.usage, `${one} and ${other} exclude each other: see hopscope trace --help`);
    }
  };
  if (tree) exclude('--tree', { '--json': json, '--verbose': verbose, '--mtr': mtr });
  if (report) exclude('--report', { '--json': json });
  if (mtr) {
    exclude('--mtr', { '--json': json, '--verbose': verbose });
    if (process.stdout.isTTY !== true) {
      throw new Failure(EXIT.usage, '--mtr draws on a terminal, and the output is none: use --report');
    }
    return { output: 'nothing', table: 'live' };
  }
  const table = report ? 'end' : 'none';
  if (json) return { output: verbose ? 'json-stages' : 'json', table };
  if (tree) return { output: 'trees', table };
  if (verbose) return { output: 'stages', table };
  return { output: report ? 'nothing' : 'lines', table };
}

/** As setlocale(3) looks: LC_ALL before LC_CTYPE before LANG. */
function hasUtf8(env: NodeJS.ProcessEnv): boolean {
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '');
}
