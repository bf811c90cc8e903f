// What is copied of an exchange, a hop and a value, in each form.
import {
  type Exchange,
  exchangeJson,
  exchangeToMarkdown,
  explainDrop,
  gatherEvidence,
  writeExchangeTest,
  writeTest,
} from '@hopscope/model';
import type { Evidence, Ledger } from '@hopscope/protocol';
import { formatClock, formatMicros, plural } from '../lib/format.ts';
import { hopCount, journeysOf, routeOf, sequenceOf } from './exchange-words.ts';
import type { PageState } from './store.ts';
import { outcomeOf } from './words.ts';

/** Something on the page that can be filtered by and copied. */
export interface Subject {
  readonly title: string;
  /** What it is. */
  readonly what: string;
  /** The filter that shows the exchanges which have it. */
  readonly test: string;
  /** The exchange that a link to it selects. */
  readonly exchange: Exchange | null;
  text(): string;
  markdown(): string;
  json(): string;
}

export interface Surroundings {
  readonly state: Pick<PageState, 'hello' | 'topology' | 'names' | 'ledger' | 'filter'>;
  factsAbout(exchange: Exchange): Evidence;
  wallMs(t: Exchange['startNs']): number;
}

export function valueSubject(field: string, value: string): Subject {
  return {
    title: value,
    what: field,
    test: writeTest(field, value),
    exchange: null,
    text: () => value,
    markdown: () => markdownTable([field], [[value]]),
    json: () => JSON.stringify({ [field]: value }),
  };
}

export function exchangeSubject(exchange: Exchange, around: Surroundings): Subject {
  const { names } = around.state;
  const { from, to, full } = routeOf(exchange, names);
  const title = `${from} → ${to} ${sequenceOf(exchange)}`;
  return {
    title,
    what: 'exchange',
    test: writeExchangeTest(exchange),
    exchange,
    text() {
      const when = formatClock(around.wallMs(exchange.startNs), 3);
      const { sentence } = explained(exchange, around);
      return plain(
        [when, title, full, outcomeOf(exchange).phrase, plural(hopCount(exchange), 'hop'), sentence]
          .filter(Boolean)
          .join(', '),
      );
    },
    markdown: () => markdownOf(exchange, around),
    json: () => JSON.stringify(jsonOf(exchange, around), null, 2),
  };
}

/** @param number of the hop as the detail counts them, from 1 */
export function hopSubject(exchange: Exchange, number: number, around: Surroundings): Subject | null {
  const hops = journeysOf(exchange).flatMap(({ crossings, direction }) =>
    crossings.map((crossing) => ({ crossing, direction })),
  );
  const hop = hops[number - 1];
  if (hop === undefined) return null;
  const { crossing, direction } = hop;
  const netns = around.state.names.namespace(crossing.netns);
  const title = `${crossing.ifname} in ${netns}`;
  const cells = [
    String(number),
    direction,
    netns,
    crossing.ifname,
    crossing.way,
    formatMicros(crossing.t - exchange.startNs),
    crossing.join,
  ];
  return {
    title,
    what: `hop ${number}`,
    test: writeTest('hop.device', `${titleOf(around, crossing.netns) || crossing.netnsInum}/${crossing.ifname}`),
    exchange,
    text: () =>
      `hop ${number}: ${direction} ${crossing.way === 'out' ? 'sent to' : 'came in at'} ${title}, +${cells[5]} µs, ${crossing.join}`,
    markdown: () => markdownTable(['#', 'packet', 'namespace', 'interface', 'way', '+µs', 'join'], [cells]),
    json() {
      const { hops: all } = jsonOf(exchange, around) as { readonly hops: readonly Record<string, unknown>[] };
      const sinceNs = crossing.t - exchange.startNs;
      const found = all.find(
        (one) => one.sinceNs === sinceNs && one.ifindex === crossing.ifindex && one.way === crossing.way,
      );
      return JSON.stringify(found ?? null, null, 2);
    },
  };
}

const titleOf = ({ state }: Surroundings, netns: string | null): string =>
  state.topology.namespaces.find(({ id }) => id === netns)?.names[0]?.text ?? '';

function explained(exchange: Exchange, around: Surroundings) {
  const evidence = gatherEvidence(exchange, around.state.topology, around.factsAbout(exchange));
  return { evidence, sentence: explainDrop(exchange, evidence) };
}

const epochNs = ({ state }: Surroundings): bigint => BigInt(state.hello?.clock.wallNs ?? 0);

/** The same object that `hopscope trace --json` prints. */
function jsonOf(exchange: Exchange, around: Surroundings): Readonly<Record<string, unknown>> {
  return exchangeJson(exchange, {
    epochNs: epochNs(around),
    surroundings: { netnsName: (netns) => titleOf(around, netns), explain: (each) => explained(each, around) },
  });
}

function markdownOf(exchange: Exchange, around: Surroundings): string {
  const { hello, names, filter } = around.state;
  if (hello === null) return '';
  const { evidence, sentence } = explained(exchange, around);
  return exchangeToMarkdown(exchange, {
    titleOf: names.namespace,
    hello,
    ledger: ledgerOf(around.state.ledger),
    sentence: sentence === '' ? null : sentence,
    evidence,
    epochNs: epochNs(around),
    filter,
  });
}

/** As the page counts: from when it began to listen. */
export function ledgerOf({ stages, ...counts }: PageState['ledger']): Ledger {
  const lost = Object.fromEntries(stages.map(({ stage, lost: records }) => [stage, records]));
  return { type: 'ledger', ...counts, pending: 0, lost, final: false };
}

/** Text from packets and names may hold a table's own bars. */
function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => plain(cell).replace(/[\\|`*_<>[\]]/g, '\\$&')).join(' | ')} |`;
  return [line(head), `| ${head.map(() => '---').join(' | ')} |`, ...rows.map(line)].join('\n');
}

const plain = (text: string): string => text.replaceAll('\u00a0', ' ').replace(/[\r\n]+/g, ' ');
