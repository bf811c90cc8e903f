// `hopscope record`: packets into a file.
import { requirePrivilege } from '../capture/capabilities.ts';
import { childIdentity } from '../capture/identity.ts';
import { openMachine } from '../capture/machine.ts';
import { openRecordingFiles } from '../capture/recording-files.ts';
import { runCapture } from '../capture/run.ts';
import { EXIT, type ExitCode, Failure } from '../lib/failure.ts';
import { printable } from '../lib/printable.ts';
import { openLabMachine } from './lab-machine.ts';
import type { OptionValues, RECORD } from './options.ts';
import { filterText, nameOfPackets, readPacketFilter } from './packet-filter.ts';
import { timeoutMsOf } from './timeout.ts';

/** @throws Failure */
export async function record(values: OptionValues<typeof RECORD.options>): Promise<ExitCode> {
  const { write: path, rotate } = values;
  if (path === null) throw new Failure(EXIT.usage, 'record needs a file to write: -w FILE: see hopscope record --help');
  const packets = readPacketFilter(values);
  const identity = childIdentity(process.env);
  requirePrivilege();
  const files = openRecordingFiles({
    path,
    isRotating: rotate !== null,
    force: values.force,
    owner: String(identity.uid) === process.env.SUDO_UID ? identity : null,
  });
  try {
    return await runCapture({
      child: {
        program: 'recorder',
        config: {
          identity,
          filter: filterText(values),
          what: nameOfPackets(packets),
          name: printable(rotate === null ? path : `${path}.1`),
          rotateBytes: rotate,
          notes: values.notes ?? '',
        },
      },
      files,
      openMachine: () => (values.lab ? openLabMachine(null) : openMachine(process.env)),
      netns: values['filter-netns'],
      ifname: values.interface,
      ringBytes: values.buffer,
      packets,
      durationMs: values.duration === null ? null : values.duration * 1000,
      timeoutMs: timeoutMsOf(values),
      inventory: true,
      allowSystemChanges: values['allow-system-changes'],
    });
  } finally {
    files.close();
  }
}
