// `hopscope lab down`: the end of every lab, also of one whose starter cannot end it any more.
import { findLabs, takeDownLab } from '@hopscope/lab';
import { EXIT, type ExitCode, Failure } from '../lib/failure.ts';
import { printable } from '../lib/printable.ts';

/** @throws Failure without root, or when something of a lab is left */
export async function labDown(): Promise<ExitCode> {
  if (process.geteuid?.() !== 0) {
    throw new Failure(EXIT.privilege, 'taking labs down needs root: run it with sudo');
  }
  const labs = findLabs();
  if (labs.length === 0) process.stdout.write('No lab is up.\n');
  const left: string[] = [];
  for (const lab of labs) {
    const { pid, command } = lab.starter;
    const whose = command === '' ? `whose starter (process ${pid}) is gone` : `of process ${pid} (${command})`;
    const still = await takeDownLab(lab);
    process.stdout.write(`${printable(`Took down the lab ${whose}: ${lab.namespaces.join(', ')}`)}\n`);
    left.push(...[...still].map(([holder, what]) => `${holder} (${what})`));
  }
  if (left.length === 0) return EXIT.ok;
  throw new Failure(
    EXIT.failure,
    printable(`processes that are no part of a lab are still in its namespaces and keep them: end ${left.join(', ')}`),
  );
}
