// The option table: what `--help` prints, what is parsed and how each value is checked, all from one place.
import { formatLines } from '../export/formats.ts';
import {
  readBuffer,
  readCount,
  readFault,
  readFilter,
  readHistory,
  readHost,
  readIfname,
  readNetnsSpec,
  readNotes,
  readPackets,
  readPath,
  readPort,
  readPorts,
  readProtocols,
  readSeconds,
  readSize,
  readSpeed,
} from './values.ts';

export interface FlagOption {
  readonly kind: 'flag';
  readonly short?: string;
  readonly help: string;
}

export interface ValueOption<Value> {
  /** `many` may be given more than once. */
  readonly kind: 'value' | 'many';
  readonly short?: string;
  /** How the value is called in `--help`. */
  readonly placeholder: string;
  readonly help: string;
  /** @throws Failure with what is allowed */
  readonly read: (text: string) => Value;
}

export type OptionTable = Readonly<Record<string, FlagOption | ValueOption<unknown>>>;

/** What parsing a table gives: false, null or [] for what was not given. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends { kind: 'many'; read: (text: string) => infer Value }
    ? readonly Value[]
    : Table[Name] extends { kind: 'value'; read: (text: string) => infer Value }
      ? Value | null
      : boolean;
};

export interface Command<Table extends OptionTable = OptionTable> {
  readonly name: string;
  readonly summary: string;
  /** What stands behind the command without a flag; how it is called in `--help`. */
  readonly operand?: string;
  readonly options: Table;
  /** Lines below the options. */
  readonly notes: readonly string[];
}

const lab: FlagOption = { kind: 'flag', help: 'watch a practice host, built now, removed at exit' };

const fault = {
  kind: 'value',
  placeholder: 'NAME',
  help: 'with --lab: what is wrong there: see lab faults',
  read: readFault,
} as const;

const buffer = {
  kind: 'value',
  placeholder: 'KIB',
  help: "size of the kernel's ring buffer in KiB (8192)",
  read: readBuffer,
} as const;

const timeout = {
  kind: 'value',
  placeholder: 'SECONDS',
  help: 'silence after which an exchange is over (2)',
  read: readSeconds,
} as const;

const allowSystemChanges: FlagOption = {
  kind: 'flag',
  help: 'name the rule that drops, by nft trace rules',
};

export const COMMON_OPTIONS = {
  help: { kind: 'flag', short: 'h', help: 'print this' },
  version: { kind: 'flag', help: 'print the versions of hopscope, kernel and libbpf' },
} as const satisfies OptionTable;

/** What the kernel side lets through. */
export const PACKET_FILTER = {
  'filter-proto': {
    kind: 'many',
    placeholder: 'PROTO',
    help: 'a list of icmp,icmp6,udp,tcp (icmp,icmp6)',
    read: readProtocols,
  },
  'filter-port': {
    kind: 'many',
    placeholder: 'PORT',
    help: 'of UDP and TCP only this port, or list of ports',
    read: readPorts,
  },
} as const satisfies OptionTable;

export const DEFAULT_PORT = 7070;

export const SERVE = {
  name: 'serve',
  summary: 'show the live map at http://localhost:7070 (the default)',
  options: {
    port: { kind: 'value', placeholder: 'PORT', help: 'port of the page, 0 = any free one (7070)', read: readPort },
    host: {
      kind: 'value',
      placeholder: 'ADDRESS',
      help: 'loopback address to listen on (127.0.0.1 and ::1)',
      read: readHost,
    },
    ...PACKET_FILTER,
    lab,
    fault,
    buffer,
    timeout,
    history: {
      kind: 'value',
      placeholder: 'LIMITS',
      help: 'what is kept to be saved, 0 = nothing (64M,10min)',
      read: readHistory,
    },
    metrics: { kind: 'flag', help: 'serve counts for Prometheus at /metrics' },
    'allow-system-changes': allowSystemChanges,
    open: { kind: 'flag', help: 'open the page in the browser' },
  },
  notes: ['SIGUSR2 saves what is kept as a recording in the working directory.'],
} as const satisfies Command;

export const TRACE = {
  name: 'trace',
  summary: 'print packets, one line for each device that one crosses',
  options: {
    tree: { kind: 'flag', help: 'print each exchange as a tree when it is over' },
    report: { kind: 'flag', help: "print mtr's table of every path at the end" },
    mtr: { kind: 'flag', help: 'show that table all the time' },
    count: {
      kind: 'value',
      short: 'n',
      placeholder: 'COUNT',
      help: 'stop after COUNT lines, or exchanges',
      read: readCount,
    },
    duration: { kind: 'value', placeholder: 'SECONDS', help: 'stop after SECONDS', read: readSeconds },
    timeout,
    json: { kind: 'flag', help: 'print one JSON object a line (docs/json.md)' },
    otlp: { kind: 'flag', help: 'send exchanges as traces (docs/opentelemetry.md)' },
    read: { kind: 'value', short: 'r', placeholder: 'FILE', help: 'of a recording, without privilege', read: readPath },
    'display-filter': {
      kind: 'value',
      placeholder: 'EXPR',
      help: 'only exchanges that match, once each is over',
      read: readFilter,
    },
    'filter-netns': {
      kind: 'many',
      placeholder: 'NETNS',
      help: 'only this namespace, or these: inum, name or path',
      read: readNetnsSpec,
    },
    interface: { kind: 'value', short: 'i', placeholder: 'IFNAME', help: 'only this interface', read: readIfname },
    ...PACKET_FILTER,
    verbose: {
      kind: 'flag',
      short: 'v',
      help: 'every stage, with µs since the journey began',
    },
    lab,
    buffer,
    'allow-system-changes': allowSystemChanges,
  },
  notes: [],
} as const satisfies Command;

const { duration, 'filter-netns': filterNetns, interface: interfaceName } = TRACE.options;

export const RECORD = {
  name: 'record',
  summary: 'write packets to a file, to look at later and elsewhere',
  options: {
    write: { kind: 'value', short: 'w', placeholder: 'FILE', help: 'the file to write', read: readPath },
    notes: { kind: 'value', placeholder: 'TEXT', help: 'what it is about, kept in the file', read: readNotes },
    force: { kind: 'flag', help: 'replace it when it is there already' },
    rotate: {
      kind: 'value',
      placeholder: 'SIZE',
      help: 'write FILE.1, FILE.2, …, each of SIZE: 100M',
      read: readSize,
    },
    duration,
    timeout,
    'filter-netns': filterNetns,
    interface: interfaceName,
    ...PACKET_FILTER,
    lab,
    buffer,
    'allow-system-changes': allowSystemChanges,
  },
  notes: ['It is readable up to the last second, whatever ends this program.'],
} as const satisfies Command;

export const REPLAY = {
  name: 'replay',
  summary: 'show a recording on the page, without privilege',
  operand: 'FILE',
  options: {
    port: SERVE.options.port,
    speed: { kind: 'value', placeholder: 'FACTOR', help: 'so many times as fast as it happened (1)', read: readSpeed },
    loop: { kind: 'flag', help: 'begin anew at the end' },
  },
  notes: [],
} as const satisfies Command;

export const EXPORT = {
  name: 'export',
  summary: 'make of a recording what other programs open',
  operand: 'FILE',
  options: {
    output: {
      kind: 'value',
      short: 'o',
      placeholder: 'OUT',
      help: 'the file to write; its ending says what',
      read: readPath,
    },
    format: {
      kind: 'value',
      placeholder: 'NAME',
      help: 'an ending without its dot, for -o - (stdout)',
      read: readPath,
    },
    'display-filter': { ...TRACE.options['display-filter'], help: 'only exchanges that match' },
    packets: {
      kind: 'value',
      placeholder: 'EACH',
      help: 'pcapng: one packet for each hop or journey (hop)',
      read: readPackets,
    },
    exchange: {
      kind: 'value',
      placeholder: 'ID',
      help: 'pictures: light its path; html: begin with it',
      read: readCount,
    },
    waterfall: { kind: 'flag', help: 'pictures: the times of that exchange instead' },
    dark: { kind: 'flag', help: 'pictures: in dark colours' },
    title: { kind: 'value', placeholder: 'TEXT', help: 'html: what stands over it', read: readNotes },
    notes: { kind: 'value', placeholder: 'TEXT', help: 'html: what else is to be said', read: readNotes },
    redact: { kind: 'flag', help: 'with stand-ins for addresses and names' },
    'redact-key': {
      kind: 'value',
      placeholder: 'FILE',
      help: 'the same ones for every file with this key',
      read: readPath,
    },
    force: { kind: 'flag', help: 'replace OUT when it is there already' },
  },
  notes: ['Endings:', ...formatLines()],
} as const satisfies Command;

export const DEMO = {
  name: 'demo',
  summary: 'show recordings that come with hopscope, without privilege',
  options: { port: SERVE.options.port },
  notes: [],
} as const satisfies Command;

export const DOCTOR = {
  name: 'doctor',
  summary: 'say which kernel features and privileges are missing',
  options: { json: { kind: 'flag', help: 'print one JSON object' } },
  notes: ['Exits with 0 when packets can be captured here, else with 3 or 4.'],
} as const satisfies Command;

export const LAB_UP = {
  name: 'lab up',
  summary: 'build a practice host, until Ctrl-C',
  options: {
    fault: { ...fault, help: 'what is wrong there: see lab faults' },
    detach: { kind: 'flag', help: 'leave it in the background; lab down ends it' },
  },
  notes: ['Prints a command to enter each of its namespaces. This machine stays as it is.'],
} as const satisfies Command;

export const LAB_DOWN = {
  name: 'lab down',
  summary: 'take down every practice host on this machine',
  options: {},
  notes: ['Also that of serve --lab. Exits with 0 when there is none.'],
} as const satisfies Command;

export const LAB_FAULTS = {
  name: 'lab faults',
  summary: 'list what can be wrong on the practice host',
  options: {},
  notes: [],
} as const satisfies Command;

export const COMMANDS: readonly Command[] = [
  SERVE,
  TRACE,
  RECORD,
  REPLAY,
  EXPORT,
  DEMO,
  DOCTOR,
  LAB_UP,
  LAB_DOWN,
  LAB_FAULTS,
];
