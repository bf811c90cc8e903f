// Packets by interface: the kernel side's own counters, under the names that the inventory knows. An interface that is gone has no
// series any more; what it and those beyond the limit have counted is told as one figure.
import type { DeviceCounts, Topology } from '@hopscope/protocol';
import type { Family, Labels, Sample } from './exposition.ts';

/** Two series each. */
const INTERFACES = 1000;

export function interfaceFamilies(counts: DeviceCounts | null, topology: Topology): Family[] {
  if (counts === null) return [];
  const places = new Map<string, Labels>();
  for (const { inum, names, links } of topology.namespaces) {
    for (const { ifindex, name } of links) {
      const labels = { netns: String(inum), namespace: names[0]?.text ?? '', interface: name };
      places.set(`${inum}/${ifindex}`, labels);
    }
  }
  const samples: Sample[] = [];
  const leftOut = { gone: { interfaces: 0, packets: 0 }, limit: { interfaces: 0, packets: 0 } };
  for (const { inum, ifindex, sent, received } of counts.devices) {
    const labels = places.get(`${inum}/${ifindex}`);
    if (labels === undefined || samples.length >= 2 * INTERFACES) {
      const why = leftOut[labels === undefined ? 'gone' : 'limit'];
      why.interfaces++;
      why.packets += sent + received;
      continue;
    }
    samples.push({ labels: { ...labels, direction: 'transmit' }, value: sent });
    samples.push({ labels: { ...labels, direction: 'receive' }, value: received });
  }
  const whys = Object.entries(leftOut);
  return [
    {
      name: 'hopscope_interface_packets_total',
      help: 'Packets of the followed protocols on each interface, as ip -s link counts them; exact, also when records are lost.',
      type: 'counter',
      samples,
    },
    {
      name: 'hopscope_left_out_interfaces',
      help: `Interfaces without series: they are gone or not known (yet), or there are more than ${INTERFACES}.`,
      type: 'gauge',
      samples: whys.map(([why, { interfaces }]) => ({ labels: { why }, value: interfaces })),
    },
    {
      name: 'hopscope_left_out_packets',
      help: 'Packets on these interfaces.',
      type: 'gauge',
      samples: whys.map(([why, { packets }]) => ({ labels: { why }, value: packets })),
    },
    {
      name: 'hopscope_uncounted_packets_total',
      help: 'Packets on interfaces that the kernel side has no counter for: it has 1024 for each CPU and stage.',
      type: 'counter',
      samples: [{ labels: {}, value: counts.uncounted }],
    },
  ];
}
