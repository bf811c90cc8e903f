// `hopscope trace`: packets as lines.
import { childIdentity } from '../capture/identity.ts';
import { openMachine } from '../capture/machine.ts';
import { runCapture } from '../capture/run.ts';
import type { ExitCode } from '../lib/failure.ts';
import { openLabMachine } from './lab-machine.ts';
import type { OptionValues, TRACE } from './options.ts';

export function trace(values: OptionValues<typeof TRACE.options>): Promise<ExitCode> {
  return runCapture({
    child: {
      program: 'printer',
      config: {
        identity: childIdentity(process.env),
        count: values.count,
        json: values.json,
        verbose: values.verbose,
      },
    },
    openMachine: () => (values.lab ? openLabMachine(null) : openMachine(process.env)),
    netns: values['filter-netns'],
    ifname: values.interface,
    durationMs: values.duration === null ? null : values.duration * 1000,
    // Only JSON names the namespaces.
    inventory: values.json,
  });
}
