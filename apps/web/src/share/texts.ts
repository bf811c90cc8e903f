// What is listed, or the one exchange that is selected, in the formats that other programs read.
import {
  createIncidentSummary,
  createPathStatistics,
  createPcapngWriter,
  type Exchange,
  exchangeJson,
  exchangesToOtlp,
  exchangeToMarkdown,
  explainDrop,
  gatherEvidence,
  pathsToCsv,
  safeJson,
  topologyToDot,
  topologyToMermaid,
} from '@hopscope/model';
import type { Evidence, NetnsId } from '@hopscope/protocol';
import { ledgerOf } from '../store/copies.ts';
import type { PageState } from '../store/store.ts';

export const TEXT_FORMATS = ['md', 'jsonl', 'csv', 'pcapng', 'otlp.json', 'mmd', 'dot'] as const;
export type TextFormat = (typeof TEXT_FORMATS)[number];

export interface TextSource {
  readonly state: Pick<PageState, 'hello' | 'topology' | 'names' | 'ledger' | 'filter'>;
  /** Oldest first. */
  readonly exchanges: readonly Exchange[];
  /** It is one that somebody chose, not all that are listed. */
  readonly isSelection: boolean;
  factsAbout(exchange: Exchange): Evidence;
}

/** @throws Error when the agent has not said yet what it is */
export function writeText(format: TextFormat, source: TextSource): BlobPart[] {
  const { state, exchanges } = source;
  const { hello, topology } = state;
  if (hello === null) throw new Error('the agent has not told about the machine yet');
  const epochNs = BigInt(hello.clock.wallNs);
  const titleOf = (netns: NetnsId): string =>
    topology.namespaces.find(({ id }) => id === netns)?.names[0]?.text || `netns ${netns.slice(1)}`;
  const explain = (exchange: Exchange) => {
    const evidence = gatherEvidence(exchange, topology, source.factsAbout(exchange));
    return { evidence, sentence: explainDrop(exchange, evidence) };
  };
  switch (format) {
    case 'md':
      return [markdownOf(source, { epochNs, titleOf, explain })];
    case 'jsonl': {
      const netnsName = (netns: NetnsId | null) => (netns === null ? '' : titleOf(netns));
      const context = { epochNs, surroundings: { netnsName, explain } };
      return exchanges.map((exchange) => `${safeJson(exchangeJson(exchange, context))}\n`);
    }
    case 'csv':
      return [pathsToCsv(pathsOf(exchanges).paths(), { titleOf })];
    case 'otlp.json':
      return [exchangesToOtlp(exchanges, { hello, titleOf, epochNs, resource: {} })];
    case 'pcapng': {
      const application = `Hopscope ${hello.agent.version}`;
      const writer = createPcapngWriter({ epochNs, each: 'hops', application, system: `Linux ${hello.host.kernel}` });
      const around = { topology, titleOf, sentenceOf: (exchange: Exchange) => explain(exchange).sentence };
      const blocks = exchanges.flatMap((exchange) => writer.add(exchange, around));
      return [writer.head, ...blocks, ...writer.finish()].map((block) => new Uint8Array(block));
    }
    case 'mmd':
      return [topologyToMermaid(topology, { titleOf })];
    case 'dot':
      return [topologyToDot(topology, { titleOf })];
  }
}

function pathsOf(exchanges: readonly Exchange[]) {
  const statistics = createPathStatistics();
  for (const exchange of exchanges) if (exchange.verdict !== 'in-flight') statistics.add(exchange);
  return statistics;
}

interface Words {
  readonly epochNs: bigint;
  readonly titleOf: (netns: NetnsId) => string;
  readonly explain: (exchange: Exchange) => { readonly evidence: Evidence; readonly sentence: string };
}

function markdownOf({ state, exchanges, isSelection }: TextSource, { epochNs, titleOf, explain }: Words): string {
  const { hello, filter } = state;
  const [first] = exchanges;
  if (hello === null) return '';
  const ledger = ledgerOf(state.ledger);
  const captured = hello.recording?.filter ?? '';
  if (isSelection && first !== undefined) {
    const { evidence, sentence } = explain(first);
    return `${exchangeToMarkdown(first, { titleOf, hello, ledger, sentence: sentence || null, evidence, epochNs, filter })}\n`;
  }
  const notes = hello.recording?.notes ?? '';
  const incident = createIncidentSummary({ hello, epochNs, filter: captured, notes, displayFilter: filter });
  for (const exchange of exchanges) incident.add(exchange, { titleOf, explain });
  const statistics = pathsOf(exchanges);
  const { forgotten } = statistics;
  return incident.text({ titleOf, paths: statistics.paths(), forgotten, ledger, damage: null });
}
