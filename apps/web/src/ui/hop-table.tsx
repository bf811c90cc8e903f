import {
  type Crossing,
  type Drop,
  type Exchange,
  type HeaderChange,
  headerChanges,
  hopChanges,
  type Journey,
  roundTripsOf,
} from '@hopscope/model';
import { ChevronRight } from 'lucide-react';
import { Fragment, useState } from 'react';
import { formatMicros } from '../lib/format.ts';
import { journeysOf } from '../store/exchange-words.ts';
import { joinTag, joinWords } from '../store/hop-words.ts';
import { stepAt } from '../store/steps.ts';
import { HopChanges } from './hop-changes.tsx';
import { HopInside } from './hop-inside.tsx';
import { usePageState } from './page.ts';
import { Value } from './value.tsx';

interface Row {
  readonly key: string;
  readonly number: number;
  readonly journey: Journey;
  readonly crossing: Crossing;
  readonly startNs: number;
  /** In the headers, since the last hop. */
  readonly changes: readonly HeaderChange[];
  /** Until the reply was back here; undefined where none is awaited. */
  readonly rttNs: number | null | undefined;
  readonly isFirst: boolean;
  /** It died here: the last hop of a journey that was dropped. */
  readonly dropped: Drop | null;
}

function buildRows(exchange: Exchange): Row[] {
  const trips = exchange.kind === 'echo' ? roundTripsOf(exchange) : [];
  const rows: Row[] = [];
  for (const journey of journeysOf(exchange)) {
    // Later fragments have no round trip: they wait for no reply of their own.
    let trip = 0;
    for (const [i, crossing] of journey.crossings.entries()) {
      const isAwaited = journey === exchange.request && crossing.packet.kind !== 'fragment';
      rows.push({
        key: `${journey.direction} ${journey.id} ${i}`,
        number: rows.length + 1,
        journey,
        crossing,
        startNs: crossing.t - exchange.startNs,
        changes: hopChanges(journey, i),
        rttNs: isAwaited ? trips[trip++]?.rttNs : undefined,
        isFirst: i === 0 && rows.length > 0,
        dropped: i === journey.crossings.length - 1 ? journey.drop : null,
      });
    }
  }
  return rows;
}

const COLUMNS = 3;

/**
 * Every hop with its time since the first, what changed in the headers since the last one, and the round trip as seen from there. A hop
 * opens to the stages inside it.
 */
export function HopTable({ exchange }: { exchange: Exchange }) {
  const rows = buildRows(exchange);
  const step = stepAt(
    exchange,
    usePageState((state) => state.step),
  );
  const isStep = (drop: Drop): boolean => step?.kind === 'drop' && step.drop === drop;
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const hasTrips = rows.some(({ rttNs }) => rttNs != null);
  const toggle = (number: number): void => {
    const next = new Set(opened);
    if (!next.delete(number)) next.add(number);
    setOpened(next);
  };
  return (
    <table className="waterfall">
      <caption className="visually-hidden">
        Hops with microseconds since the first, and the round trip in microseconds as seen from each
      </caption>
      <thead>
        <tr>
          <th scope="col">hop</th>
          <th scope="col" title="since the first hop">
            +µs
          </th>
          {hasTrips && (
            <th scope="col" title="round trip seen from here: until the reply was back">
              RTT µs
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Fragment key={row.key}>
            <HopRow
              row={row}
              exchangeId={exchange.id}
              hasTrips={hasTrips}
              isOpen={opened.has(row.number)}
              isCurrent={step?.kind === 'hop' && step.number === row.number}
              onToggle={() => toggle(row.number)}
            />
            {row.changes.length > 0 && <ChangesRow changes={row.changes} family={row.crossing.packet.family} />}
            {opened.has(row.number) && (
              <tr className="hop-inside">
                <td colSpan={COLUMNS}>
                  <HopInside crossing={row.crossing} rttNs={row.rttNs} />
                </td>
              </tr>
            )}
            {row.dropped !== null && (
              <DropRow
                drop={row.dropped}
                changes={headerChanges(row.crossing.packet, row.dropped.packet)}
                startNs={exchange.startNs}
                hasTrips={hasTrips}
                isCurrent={isStep(row.dropped)}
              />
            )}
          </Fragment>
        ))}
        {exchange.drop !== null && !rows.some((row) => row.dropped !== null) && (
          <DropRow
            drop={exchange.drop}
            changes={[]}
            startNs={exchange.startNs}
            hasTrips={hasTrips}
            isCurrent={isStep(exchange.drop)}
          />
        )}
      </tbody>
    </table>
  );
}

function ChangesRow({ changes, family }: { changes: readonly HeaderChange[]; family: 4 | 6 }) {
  return (
    <tr className="hop-changes">
      <td colSpan={COLUMNS}>
        <HopChanges changes={changes} family={family} />
      </td>
    </tr>
  );
}

interface DropRowProps {
  readonly drop: Drop;
  readonly changes: readonly HeaderChange[];
  readonly startNs: number;
  readonly hasTrips: boolean;
  readonly isCurrent: boolean;
}

function DropRow({ drop, changes, startNs, hasTrips, isCurrent }: DropRowProps) {
  return (
    <>
      <tr className="is-drop" aria-current={isCurrent ? 'step' : undefined}>
        <td>
          <span className="waterfall-number" aria-hidden="true">
            ✕
          </span>
          <span className="waterfall-device">
            <Value field="hop.reason" value={drop.reason} />
          </span>
        </td>
        <td className="waterfall-time">{formatMicros(drop.t - startNs)}</td>
        {hasTrips && <td />}
      </tr>
      {changes.length > 0 && <ChangesRow changes={changes} family={drop.packet.family} />}
    </>
  );
}

interface HopRowProps {
  readonly row: Row;
  readonly exchangeId: number;
  readonly hasTrips: boolean;
  readonly isOpen: boolean;
  /** The packet is held here. */
  readonly isCurrent: boolean;
  readonly onToggle: () => void;
}

function HopRow({ row, exchangeId, hasTrips, isOpen, isCurrent, onToggle }: HopRowProps) {
  const names = usePageState((state) => state.names);
  const { crossing, journey, rttNs } = row;
  const tag = joinTag(crossing.join);
  const netns = names.namespace(crossing.netns);
  return (
    <tr
      className={`${row.isFirst ? 'is-first' : ''} direction-${journey.direction}`}
      aria-current={isCurrent ? 'step' : undefined}
      data-exchange={exchangeId}
      data-hop={row.number}
    >
      <th scope="row">
        <button
          type="button"
          className="hop-button"
          aria-expanded={isOpen}
          onClick={onToggle}
          title={`${crossing.way === 'out' ? 'sent to' : 'came in at'} ${crossing.ifname} in ${netns}: show its stages`}
        >
          <span className="waterfall-number">{row.number}</span>
          <span className="waterfall-device">{crossing.ifname}</span>
          <span className="waterfall-netns">{netns}</span>
          {tag !== '' && (
            <span className="waterfall-join" title={joinWords(crossing.join)}>
              {tag}
            </span>
          )}
          <ChevronRight className={`hop-chevron ${isOpen ? 'is-open' : ''}`} size={13} aria-hidden="true" />
        </button>
      </th>
      <td className="waterfall-time">{formatMicros(row.startNs)}</td>
      {hasTrips && <td className="waterfall-time">{rttNs == null ? '' : formatMicros(rttNs)}</td>}
    </tr>
  );
}
