// Reads one table of one namespace at a time. A tool that is missing turns that evidence off, said once.
import { findTool, type NetnsPlace, runInNetns } from './tools.ts';

/** Tool → the Debian package that has it, and what is not told without it. */
const TOOLS = {
  ip: ['iproute2', 'routes, neighbours and XDP programs'],
  tc: ['iproute2', 'traffic-control filters'],
  bridge: ['iproute2', 'the state of bridge ports'],
  nft: ['nftables', 'the firewall rule'],
  grep: ['grep', 'sysctls'],
  nsenter: ['util-linux', 'the tables of any namespace'],
  'iptables-nft-save': ['', ''],
  'ip6tables-nft-save': ['', ''],
  'iptables-legacy-save': ['', ''],
  'ip6tables-legacy-save': ['', ''],
} as const;

export type ToolName = keyof typeof TOOLS;

export interface TableReader {
  /** Text that the tool printed; null when it is missing, failed, took too long or the namespace is gone. */
  read(place: NetnsPlace, tool: ToolName, ...args: readonly string[]): Promise<string | null>;
  /** The same, parsed; null also when it is no JSON. */
  readJson(place: NetnsPlace, tool: ToolName, ...args: readonly string[]): Promise<unknown>;
  /** What the tool said when it failed. */
  readError(place: NetnsPlace, tool: ToolName, ...args: readonly string[]): Promise<string | null>;
}

/** @param warn told once for each tool that is missing */
export function createTableReader(warn: (text: string) => void): TableReader {
  const found = new Map<ToolName, string | null>();
  let before: Promise<unknown> = Promise.resolve();

  function find(tool: ToolName): string | null {
    const known = found.get(tool);
    if (known !== undefined) return known;
    const file = findTool(tool);
    found.set(tool, file);
    const [pack, what] = TOOLS[tool];
    if (file === null && what !== '') {
      warn(`${what} cannot be told for drops: ${tool} is not installed (apt install ${pack})`);
    }
    return file;
  }

  async function run(place: NetnsPlace, tool: ToolName, args: readonly string[]) {
    const [nsenter, file] = [find('nsenter'), find(tool)];
    if (nsenter === null || file === null) return null;
    // One at a time, whoever asks.
    const turn = before.then(() => runInNetns(nsenter, place, [file, ...args]));
    before = turn.catch(() => undefined);
    return turn;
  }

  async function read(place: NetnsPlace, tool: ToolName, ...args: readonly string[]): Promise<string | null> {
    const answer = await run(place, tool, args);
    return answer?.status === 0 ? answer.stdout : null;
  }

  return {
    read,
    async readJson(place, tool, ...args) {
      const text = await read(place, tool, ...args);
      try {
        return text === null ? null : JSON.parse(text);
      } catch {
        return null;
      }
    },
    async readError(place, tool, ...args) {
      const answer = await run(place, tool, args);
      return answer === null || answer.status === null || answer.status === 0 ? null : answer.stderr;
    },
  };
}
