// `hopscope trace`: packets as lines.
import { childIdentity } from '../capture/identity.ts';
import { openMachine } from '../capture/machine.ts';
import { runCapture } from '../capture/run.ts';
import type { PrinterConfig } from '../lib/child-config.ts';
import { EXIT, type ExitCode, Failure } from '../lib/failure.ts';
import { giveUpRoot } from '../lib/give-up-root.ts';
import { readOtlpSettings } from '../lib/otlp/settings.ts';
import { printFile } from '../printer/print-file.ts';
import { LAST_TRACES_WITHIN_MS } from '../printer/trace-export.ts';
import { openRecordingFile } from '../recording/open-file.ts';
import { openLabMachine } from './lab-machine.ts';
import type { OptionValues, TRACE } from './options.ts';
import { nameOfPackets, readPacketFilter } from './packet-filter.ts';
import { timeoutMsOf } from './timeout.ts';

/** The last traces, and then some. */
const CHILD_SENDS_WITHIN_MS = LAST_TRACES_WITHIN_MS + 3000;

type Values = OptionValues<typeof TRACE.options>;

export async function trace(values: Values): Promise<ExitCode> {
  const packets = readPacketFilter(values);
  const identity = childIdentity(process.env);
  const timeoutMs = timeoutMsOf(values);
  // What is wrong in the environment is said before anything is started.
  if (values.otlp) readOtlpSettings(process.env);
  const config = {
    count: values.count,
    ...chooseOutput(values),
    utf8: hasUtf8(process.env),
    timeoutMs,
    displayFilter: values['display-filter'] ?? '',
    otlp: values.otlp,
  };
  if (values.read !== null) {
    refuseCaptureFlags(values);
    const file = await openRecordingFile(values.read);
    giveUpRoot(identity);
    return printFile(file, config);
  }
  return runCapture({
    child: { program: 'printer', config: { ...config, identity, what: nameOfPackets(packets) } },
    openMachine: () => (values.lab ? openLabMachine(null) : openMachine(process.env)),
    netns: values['filter-netns'],
    ifname: values.interface,
    ringBytes: values.buffer,
    packets,
    durationMs: values.duration === null ? null : values.duration * 1000,
    timeoutMs,
    // Drops are explained, and namespaces called, by what it knows.
    inventory: true,
    allowSystemChanges: values['allow-system-changes'],
    ...(values.otlp ? { childEndsWithinMs: CHILD_SENDS_WITHIN_MS } : {}),
  });
}

/** @throws Failure (usage): what is in a file has been captured already */
function refuseCaptureFlags(values: Values): void {
  const given = CAPTURE_FLAGS.find((name) => {
    const value = values[name];
    return Array.isArray(value) ? value.length > 0 : value !== false && value !== null;
  });
  if (given === undefined) return;
  const mend = 'use --display-filter to choose what is printed';
  throw new Failure(EXIT.usage, `--read and --${given} exclude each other: ${mend}: see hopscope trace --help`);
}

const CAPTURE_FLAGS = [
  'mtr',
  'duration',
  'filter-netns',
  'interface',
  'filter-proto',
  'filter-port',
  'lab',
  'buffer',
  'allow-system-changes',
] as const;

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
