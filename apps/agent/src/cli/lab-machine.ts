// `--lab`: the practice host stands for the machine, and nothing else is shown.
import { type Lab, type LabFault, probeTraffic, startLab } from '@hopscope/lab';
import type { Machine } from '../capture/machine.ts';

/** The practice host with a fault, if any, and traffic that shows it; gone with `stop`, or with this process. */
export async function startPracticeHost(fault: LabFault | null): Promise<Lab> {
  const lab = await startLab();
  if (fault === null) return lab;
  try {
    await lab.apply(fault);
    await lab.start(probeTraffic(fault.probe, 0));
  } catch (error) {
    await lab.stop();
    throw error;
  }
  return lab;
}

export async function openLabMachine(fault: LabFault | null): Promise<Machine> {
  const lab = await startPracticeHost(fault);
  const byInum = new Map(lab.namespaces.map((handle) => [handle.inum, handle]));
  return {
    lab: true,
    netns: [...byInum.keys()],
    notes: fault === null ? lab.notes : [...lab.notes, `the fault “${fault.name}”: ${fault.summary}`],
    hostInum: lab.namespaces.find(({ host }) => host)?.inum ?? null,
    names({ inum }) {
      const handle = byInum.get(inum);
      return handle === undefined ? [] : [{ text: handle.name, source: 'lab', image: '', project: '' }];
    },
    onNames: () => {},
    namesSettled: async () => {},
    stop: () => lab.stop(),
  };
}
