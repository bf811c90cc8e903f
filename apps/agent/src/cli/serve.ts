// `hopscope serve`: the live map.
import { childIdentity } from '../capture/identity.ts';
import { openMachine } from '../capture/machine.ts';
import { openBrowser } from '../capture/open-browser.ts';
import { openSavedFiles } from '../capture/recording-files.ts';
import { runCapture } from '../capture/run.ts';
import { closingLine } from '../lib/closing-line.ts';
import { EXIT, type ExitCode, Failure, writeError } from '../lib/failure.ts';
import { PAGE_FOLDER } from '../lib/page-folder.ts';
import { openLabMachine } from './lab-machine.ts';
import { DEFAULT_PORT, type OptionValues, type SERVE } from './options.ts';
import { filterText, readPacketFilter } from './packet-filter.ts';
import { timeoutMsOf } from './timeout.ts';

const DEFAULT_HISTORY = { maxBytes: 64 * 1024 * 1024, maxMs: 10 * 60 * 1000 };
/** Headers and topologies come on top of what is counted. */
const SAVED_MORE_BYTES = 64 * 1024 * 1024;

export async function serve(values: OptionValues<typeof SERVE.options>): Promise<ExitCode> {
  if (values.fault !== null && !values.lab)
    throw new Failure(EXIT.usage, '--fault needs --lab: see hopscope serve --help');
  const both = values.host === null || values.host === 'localhost';
  const displayHost = both ? 'localhost' : values.host === '::1' ? '[::1]' : (values.host ?? '');
  const identity = childIdentity(process.env);
  const history = { ...DEFAULT_HISTORY, ...values.history };
  const owner = String(identity.uid) === process.env.SUDO_UID ? identity : null;
  const files = openSavedFiles(owner, 2 * history.maxBytes + SAVED_MORE_BYTES, writeError);
  return runCapture({
    files,
    onChild(signal) {
      process.on('SIGUSR2', () => {
        files.expect();
        signal('SIGUSR2');
      });
    },
    child: {
      program: 'gateway',
      config: {
        identity,
        history: history.maxBytes === 0 || history.maxMs === 0 ? null : { ...history, filter: filterText(values) },
        metrics: values.metrics,
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
    timeoutMs: timeoutMsOf(values),
    inventory: true,
    countsDevices: values.metrics,
    allowSystemChanges: values['allow-system-changes'],
    onEnd: (ledger) => writeError(closingLine(ledger)),
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
