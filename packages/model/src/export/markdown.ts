// One exchange as a summary for a ticket: what, where, why, the table of hops, the ledger.
import type { Evidence, Hello, Ledger, NetnsId } from '@hopscope/protocol';
import type { Exchange, Journey } from '../exchange.ts';
import { hopChanges } from '../hop-changes.ts';
import { icmpErrorText } from '../icmp-error-text.ts';
import { plainText } from './plain-text.ts';

export interface MarkdownOptions {
  readonly titleOf: (netns: NetnsId) => string;
  readonly hello: Hello;
  readonly ledger: Ledger | null;
  /** What explainDrop says, when a packet was dropped. */
  readonly sentence: string | null;
  readonly evidence: Evidence;
  /** ns since the epoch of packet time 0. */
  readonly epochNs: bigint;
  /** How the capture was filtered; empty = not. */
  readonly filter: string;
}

export function exchangeToMarkdown(exchange: Exchange, options: MarkdownOptions): string {
  const { hello, filter } = options;
  const host: [string, string] = [
    'Host',
    `${hello.host.name}, kernel ${hello.host.kernel}, Hopscope ${hello.agent.version}`,
  ];
  const facts = [host, ...(filter === '' ? [] : [['Filter', filter] as [string, string]])];
  return plainText([exchangeSection(exchange, options, 2, facts), ledgerLine(options.ledger)].join('\n\n'));
}

/**
 * @param level of its heading
 * @param about more facts, below when it began
 */
export function exchangeSection(
  exchange: Exchange,
  options: Omit<MarkdownOptions, 'ledger' | 'hello' | 'filter'>,
  level: number,
  about: readonly [string, string][] = [],
): string {
  const { sentence, evidence } = options;
  const facts = Object.entries(evidence).map(([fact, value]) => [code(fact), code(String(value))]);
  const hashes = '#'.repeat(level);
  return [
    `${hashes} ${escapeMarkdown(titleLine(exchange))}`,
    markedSentence(sentence || outcomeSentence(exchange)),
    ...(exchange.incomplete
      ? ['**Incomplete**: records were missed while it was under way, so the path may have holes.']
      : []),
    factLines(exchange, options, about).join('\n'),
    table(['#', 'since start', 'namespace', 'interface', 'way', 'join', 'changed'], hopRows(exchange, options)),
    ...(exchange.drop === null || facts.length === 0 ? [] : [`${hashes}# Evidence`, table(['fact', 'value'], facts)]),
  ].join('\n\n');
}

function titleLine({ kind, src, dst, ports, icmpId, icmpSeq, verdict }: Exchange): string {
  const end = (address: string, port: number | undefined) =>
    port === undefined ? address : `${address.includes(':') ? `[${address}]` : address}:${port}`;
  const what = kind === 'echo' ? `ping #${icmpId}.${icmpSeq}` : kind.toUpperCase();
  return `${what} ${end(src, ports?.src)} → ${end(dst, ports?.dst)}: ${verdict}`;
}

function outcomeSentence({ verdict, rttNs, dst, errors }: Exchange): string {
  switch (verdict) {
    case 'replied':
      return rttNs === null ? 'It was answered.' : `It was answered in ${us(rttNs)}.`;
    case 'delivered':
      return `It reached ${dst}.`;
    case 'error': {
      const first = errors[0]?.crossings[0]?.packet;
      const what = first?.icmp ? icmpErrorText(first.family, first.icmp.type, first.icmp.code) : 'an ICMP error';
      return `It was answered by an ICMP error: ${what}${first === undefined ? '' : `, from ${first.src}`}.`;
    }
    case 'dropped':
      return 'The kernel dropped it.';
    case 'lost-sight':
      return 'It was lost sight of: nothing more was seen of it.';
    case 'ambiguous':
      return 'More than one packet fits what was seen; nothing was guessed.';
    case 'in-flight':
      return 'It was still under way.';
  }
}

function factLines(
  exchange: Exchange,
  { epochNs, titleOf }: Pick<MarkdownOptions, 'epochNs' | 'titleOf'>,
  about: readonly [string, string][],
): string[] {
  const { drop } = exchange;
  const tuples = exchange.tuples.map(({ direction, src, dst }) => `${direction} ${src} → ${dst}`);
  const facts: [string, string][] = [
    ['When', wallTime(epochNs, exchange.startNs)],
    ...about,
    ...(tuples.length > 2 ? [['Addresses', tuples.join('; ')] as [string, string]] : []),
  ];
  if (drop !== null) {
    const place = drop.netns === null ? '' : ` in ${titleOf(drop.netns)}`;
    facts.push(['Dropped', `${drop.ifname === '' ? 'on no interface' : `at ${drop.ifname}`}${place}`]);
    facts.push(['Reason', `${drop.reason}${drop.location === '' ? '' : ` (${drop.location})`}`]);
  }
  return facts.map(([name, value]) => `- ${name}: ${escapeMarkdown(value)}`);
}

function hopRows(exchange: Exchange, { titleOf }: Pick<MarkdownOptions, 'titleOf'>): string[][] {
  const journeys = [exchange.request, exchange.reply, ...exchange.errors].filter((journey) => journey !== null);
  return journeys.flatMap((journey) =>
    journey.crossings.map((crossing, i) => [
      `${journey.direction} ${i + 1}`,
      us(crossing.t - exchange.startNs),
      code(titleOf(crossing.netns)),
      code(crossing.ifname),
      crossing.way,
      crossing.join,
      escapeMarkdown(changesAt(journey, i)),
    ]),
  );
}

function changesAt(journey: Journey, i: number): string {
  return hopChanges(journey, i)
    .map(
      (change) =>
        `${change.what}: ${change.before === '' ? '–' : change.before} → ${change.after === '' ? '–' : change.after}`,
    )
    .join('; ');
}

export function ledgerLine(ledger: Ledger | null): string {
  if (ledger === null) return '';
  const lost = Object.entries(ledger.lost).filter(([, records]) => records > 0);
  const missed = lost.length === 0 ? 'none missed' : lost.map(([stage, records]) => `${stage} ${records}`).join(', ');
  return `Ledger: ${ledger.seen} records seen, ${ledger.delivered} delivered, ${missed}.`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** ISO 8601, UTC. @param t packet time */
export function wallTime(epochNs: bigint, t: number): string {
  return new Date(Number((epochNs + BigInt(Math.round(t))) / 1_000_000n)).toISOString();
}

export function us(ns: number): string {
  return `${(ns / 1000).toFixed(1)} µs`;
}

/** Text from outside may hold markup, entities, links (also bare ones, which GitHub and GitLab make of text) and the table's own bars. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|!~&]|:(?=\/\/)|(?<=\bwww)\.|(?<=\w)@(?=\w)/gi, '\\$&').replace(/[\r\n]+/g, ' ');
}

/** A sentence of explainDrop has commands between backticks: they stay code. */
export function markedSentence(sentence: string): string {
  const parts = sentence.split('`');
  const isPaired = parts.length % 2 === 1;
  return parts.map((part, i) => (isPaired && i % 2 === 1 ? code(part) : escapeMarkdown(part))).join('');
}

/** As code: only a backtick, a bar, a backslash before a bar and a line's end could break out. */
export function code(text: string): string {
  const plain = text
    .replaceAll('`', 'ʼ')
    .replaceAll('\\', '∖')
    .replaceAll('|', '\\|')
    .replace(/[\r\n]+/g, ' ');
  return plain === '' ? '' : `\`${plain}\``;
}
