// `hopscope replay`: the page from a file.
import { childIdentity } from '../capture/identity.ts';
import { type ServeRecordingsOptions, serveRecordings } from '../gateway/serve-recordings.ts';
import { EXIT, type ExitCode, Failure } from '../lib/failure.ts';
import { PAGE_FOLDER } from '../lib/page-folder.ts';
import { onStopSignal } from '../lib/stop-signals.ts';
import { openRecordingFile } from '../recording/open-file.ts';
import { damageOf } from '../recording/read-frames.ts';
import { DEFAULT_PORT, type OptionValues, type REPLAY } from './options.ts';

type Values = OptionValues<typeof REPLAY.options> & { readonly operand: string | null };

/** @throws Failure */
export async function replay({ operand, port, speed, loop }: Values): Promise<ExitCode> {
  if (operand === null) throw new Failure(EXIT.usage, 'replay needs a recording: see hopscope replay --help');
  const file = await openRecordingFile(operand);
  const damage = damageOf(file);
  if (damage !== null && file.recording.blocks.length === 0) throw new Failure(EXIT.failure, damage);
  if (damage !== null) process.stderr.write(`hopscope: ${damage}\n`);
  return untilStopped({ files: file, port: port ?? DEFAULT_PORT, speed: speed ?? 1, loop }, file.name);
}

type Served = Pick<ServeRecordingsOptions, 'files' | 'port' | 'speed' | 'loop'>;

/** Serves them until a signal. @param what they are, for the person */
export async function untilStopped(served: Served, what: string): Promise<ExitCode> {
  const stopped = new Promise<void>((resolve) => onStopSignal(resolve));
  const port = await serveRecordings({
    ...served,
    addresses: ['127.0.0.1', '::1'],
    assets: PAGE_FOLDER,
    identity: childIdentity(process.env),
  });
  process.stdout.write(`Hopscope is playing ${what} on http://localhost:${port}\n`);
  await stopped;
  return EXIT.ok;
}
