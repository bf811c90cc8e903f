// `hopscope lab`: the practice host without a map, for whoever wants to try things out in it.
import { type Lab, type LabFault, type LabProbe, PRACTICE_FAULTS, probeCommand } from '@hopscope/lab';
import { EXIT, type ExitCode } from '../lib/failure.ts';
import { onStopSignal } from '../lib/stop-signals.ts';
import { detachLab } from './lab-detach.ts';
import { startPracticeHost } from './lab-machine.ts';
import type { LAB_UP, OptionValues } from './options.ts';

export { labDown } from './lab-down.ts';

/** Something to type when there is no fault. */
const FIRST_PING: LabProbe = { namespace: 'web', kind: 'ping', to: '198.51.100.9' };

/** Runs until a signal, or until somebody else takes the lab down. */
export async function labUp({ fault, detach }: OptionValues<typeof LAB_UP.options>): Promise<ExitCode> {
  if (detach) return detachLab(fault);
  let stopping = false;
  const stop = new Promise<void>((resolve) => {
    onStopSignal(() => {
      stopping = true;
      resolve();
    });
  });
  const starting = startPracticeHost(fault);
  const lab = await Promise.race([starting, stop]);
  // Ctrl-C reaches the tools that are building it, too: what fails by it is no failure.
  if (lab === undefined) {
    await starting.then(
      (started) => started.stop(),
      () => undefined,
    );
    return EXIT.ok;
  }
  const background = process.send !== undefined;
  const text = describe(lab, fault, background);
  if (background) process.send?.(text);
  else process.stdout.write(text);
  await Promise.race([stop, lab.ended]);
  await lab.stop();
  if (!stopping && !background) process.stdout.write('The practice host was taken down by somebody else.\n');
  return EXIT.ok;
}

function describe(lab: Lab, fault: LabFault | null, background: boolean): string {
  const enter = (name: string) => {
    const pid = lab.namespaces.find((each) => each.name === name)?.pid;
    return `nsenter --target ${pid} --net --pid`;
  };
  const probe = fault?.probe ?? FIRST_PING;
  const width = Math.max(...lab.namespaces.map(({ name }) => name.length));
  return [
    ...lab.notes.map((note) => `Note: ${note}`),
    `The practice host is up. ${background ? '`hopscope lab down`' : 'Ctrl-C'} takes it down. To enter a namespace, as root:`,
    '',
    ...lab.namespaces.map(({ name }) => `  ${name.padEnd(width)}  ${enter(name)}`),
    '',
    ...(fault === null
      ? []
      : [`The fault "${fault.name}": ${fault.summary}.`, 'Packets that meet it are sent every two seconds. By hand:']),
    ...(fault === null ? ['For example:'] : []),
    '',
    `  ${enter(probe.namespace)} ${probeCommand(probe)}`,
    '',
    ...(fault === null
      ? ['`hopscope lab faults` lists what can be wrong there: `hopscope lab up --fault NAME`.', '']
      : []),
  ].join('\n');
}

/** `hopscope lab faults` */
export function faultList(): string {
  const width = Math.max(...PRACTICE_FAULTS.map(({ name }) => name.length));
  return [...PRACTICE_FAULTS.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}`), ''].join('\n');
}
