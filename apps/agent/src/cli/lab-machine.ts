// `--lab`: the practice host stands for the machine, and nothing else is shown.
import { startLab } from '@hopscope/lab';
import type { Machine } from '../capture/machine.ts';

/** The practice host, built now and gone with `stop`, or with this process. */
export async function openLabMachine(): Promise<Machine> {
  const lab = await startLab();
  const byInum = new Map(lab.namespaces.map((handle) => [handle.inum, handle]));
  return {
    lab: true,
    netns: [...byInum.keys()],
    notes: lab.notes,
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
