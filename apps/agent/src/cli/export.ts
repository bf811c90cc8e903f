// `hopscope export`: a recording as something that other programs open.
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { childIdentity } from '../capture/identity.ts';
import type { ExportFormat, ExportOptions } from '../export/format.ts';
import { formatNamed, formatOfPath } from '../export/formats.ts';
import { type ExportTarget, openFileTarget, openStreamTarget } from '../export/output.ts';
import { redactedSource } from '../export/redacted-source.ts';
import { sourceOf } from '../export/source.ts';
import { EXIT, type ExitCode, Failure, messageOf, writeError } from '../lib/failure.ts';
import { lowerRoot } from '../lib/give-up-root.ts';
import { printable } from '../lib/printable.ts';
import { onStopSignal } from '../lib/stop-signals.ts';
import { openRecordingFile } from '../recording/open-file.ts';
import type { EXPORT, OptionValues } from './options.ts';

type Values = OptionValues<typeof EXPORT.options> & { readonly operand: string | null };

const STDOUT = '-';
/** Of a key: fewer could be guessed, more is no key. */
const KEY_BYTES = { least: 16, most: 4096 };

/** @throws Failure */
export async function exportRecording(values: Values): Promise<ExitCode> {
  const { operand, output, force } = values;
  if (operand === null) throw new Failure(EXIT.usage, 'export needs a recording: see hopscope export --help');
  if (output === null)
    throw new Failure(EXIT.usage, 'export needs a file to write: -o OUT: see hopscope export --help');
  const format = chooseFormat(output, values.format);
  const options = optionsOf(values);
  const key = readKey(values['redact-key']);
  const identity = childIdentity(process.env);
  const file = await openRecordingFile(operand);
  const plain = sourceOf(file);
  if (file.recording.blocks.length === 0 && plain.damage !== null) {
    throw new Failure(EXIT.failure, `${file.name}: ${plain.damage}`);
  }
  await format.prepare?.(options);
  const owner = String(identity.uid) === process.env.SUDO_UID ? identity : null;
  let target: ExportTarget | null = null;
  let raise = () => {};
  // Before there is a file: a signal in between would leave it.
  onStopSignal(() => {
    raise();
    target?.discard();
    writeError('hopscope: stopped before the export was whole: nothing is left of it');
    process.exit(EXIT.failure);
  });
  target = output === STDOUT ? openStreamTarget(process.stdout) : openFileTarget(output, owner, force);
  raise = lowerRoot(identity);
  try {
    const source =
      key === null && !values.redact
        ? plain
        : await redactedSource(plain, key ?? randomBytes(32), key === null ? 'numbered' : 'keyed');
    await format.write(source, options, target.write);
    raise();
    await target.finish();
  } catch (error) {
    raise();
    target.discard();
    throw error;
  }
  if (output !== STDOUT) writeError(`Exported ${file.name} to ${printable(output)} (${target.bytes} bytes)`);
  if (plain.damage === null) return EXIT.ok;
  writeError(`hopscope: ${file.name}: ${plain.damage}`);
  return EXIT.failure;
}

const optionsOf = (values: Values): ExportOptions => ({
  displayFilter: values['display-filter'] ?? '',
  packets: values.packets ?? 'hop',
  exchange: values.exchange,
  isWaterfall: values.waterfall,
  isDark: values.dark,
  title: values.title ?? '',
  notes: values.notes ?? '',
});

/** @throws Failure (usage) that lists what there is */
function chooseFormat(output: string, name: string | null): ExportFormat {
  if (name !== null) return formatNamed(name);
  if (output !== STDOUT) return formatOfPath(output);
  throw new Failure(EXIT.usage, '-o - needs --format: see hopscope export --help');
}

/** @returns null when none is wanted @throws Failure */
function readKey(path: string | null): Uint8Array | null {
  if (path === null) return null;
  const name = printable(path);
  let bytes: Uint8Array;
  try {
    bytes = readAtMost(path, KEY_BYTES.most + 1);
  } catch (error) {
    throw new Failure(EXIT.failure, `${name} cannot be read: ${printable(messageOf(error))}`, { cause: error });
  }
  if (bytes.length < KEY_BYTES.least || bytes.length > KEY_BYTES.most) {
    const has = bytes.length > KEY_BYTES.most ? `more than ${KEY_BYTES.most}` : bytes.length;
    const made = 'one is made by: head -c 32 /dev/urandom';
    throw new Failure(
      EXIT.failure,
      `${name} is no key: it has ${has} bytes, not ${KEY_BYTES.least} to ${KEY_BYTES.most}: ${made}`,
    );
  }
  return createHash('sha256').update(bytes).digest();
}

/** A pipe or a device may have no end. */
function readAtMost(path: string, most: number): Uint8Array {
  const bytes = new Uint8Array(most);
  const fd = openSync(path, 'r');
  try {
    let at = 0;
    for (let count = 1; count > 0 && at < most; at += count) count = readSync(fd, bytes, at, most - at, null);
    return bytes.subarray(0, at);
  } finally {
    closeSync(fd);
  }
}
