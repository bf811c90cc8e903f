import type { Hello, Ledger } from '@hopscope/protocol';
import type { Family } from './exposition.ts';

/** The fate of every record, as the page shows it. */
export function ledgerFamilies(ledger: Ledger | null): Family[] {
  if (ledger === null) return [];
  const { seen, delivered, pending, lost, identityFull, recursionMisses, sampledOneIn } = ledger;
  const one = (type: 'counter' | 'gauge', name: string, help: string, value: number): Family => ({
    name: `hopscope_${name}`,
    help,
    type,
    samples: [{ labels: {}, value }],
  });
  return [
    one('counter', 'seen_records_total', 'Records that passed the kernel filter: delivered + pending + lost.', seen),
    one('counter', 'delivered_records_total', 'Records that came to the web server.', delivered),
    one('gauge', 'pending_records', 'Records on their way.', pending),
    {
      name: 'hopscope_lost_records_total',
      help: 'Records that did not come, by where they were lost; sampled-out: of packets that were not followed, on purpose.',
      type: 'counter',
      samples: Object.entries(lost).map(([stage, value]) => ({ labels: { stage }, value })),
    },
    one(
      'counter',
      'identity_full_packets_total',
      'Packets forgotten early: the identity table was full.',
      identityFull,
    ),
    one('counter', 'recursion_missed_events_total', 'Events that the kernel skipped; never records.', recursionMisses),
    one('gauge', 'sampled_one_in', 'One packet in this many is followed now.', sampledOneIn),
  ];
}

export function buildFamily({ agent, host }: Hello): Family {
  const labels = { version: agent.version, kernel: host.kernel };
  return {
    name: 'hopscope_build_info',
    help: 'Always 1: which Hopscope watches which kernel.',
    type: 'gauge',
    samples: [{ labels, value: 1 }],
  };
}
