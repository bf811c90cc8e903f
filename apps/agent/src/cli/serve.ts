// `hopscope serve`: the live map.
import { childIdentity } from '../capture/identity.ts';
import { openMachine } from '../capture/machine.ts';
import { openBrowser } from '../capture/open-browser.ts';
import { runCapture } from '../capture/run.ts';
import { EXIT, type ExitCode, Failure } from '../lib/failure.ts';
import { PAGE_FOLDER } from '../lib/page-folder.ts';
import { openLabMachine } from './lab-machine.ts';
import type { OptionValues, SERVE } from './options.ts';
import { readPacketFilter } from './packet-filter.ts';

const DEFAULT_PORT = 7070;

export async function serve(values: OptionValues<typeof SERVE.options>): Promise<ExitCode> {
  if (values.fault !== null && !values.lab)
    throw new Failure(EXIT.usage, '--fault needs --lab: see hopscope serve --help');
  const both = values.host === null || values.host === 'localhost';
  const displayHost = both ? 'localhost' : values.host === '::1' ? '[::1]' : (values.host ?? '');
  return runCapture({
    child: {
      program: 'gateway',
      config: {
        identity: childIdentity(process.env),
        port: values.port ?? DEFAULT_PORT,
        addresses: both ? ['127.0.0.1', '::1'] : [values.host ?? ''],
        displayHost,
        assets: PAGE_FOLDER,
      },
    },
    openMachine: () => (values.lab ? openLabMachine(values.fault) : openMachine(process.env)),
    netns: [],
    ifname: null,
    ringBytes: values.buffer,
    packets: readPacketFilter(withFaultsProtocol(values)),
    durationMs: null,
    inventory: true,
    allowSystemChanges: values['allow-system-changes'],
    ...(values.open
      ? { onListening: (port: number) => openBrowser(`http://${displayHost}:${port}`, process.env) }
      : {}),
  });
}

/** A fault of UDP would show nothing where pings alone are followed. */
function withFaultsProtocol(values: OptionValues<typeof SERVE.options>): typeof values {
  if (values.fault?.probe.kind !== 'udp' || values['filter-proto'].length > 0) return values;
  return { ...values, 'filter-proto': [['icmp', 'icmp6', 'udp']] };
}
