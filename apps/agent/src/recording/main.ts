// The unprivileged end of `hopscope record`: loads, gives up every privilege, packs what the capture process sends into blocks and hands them
// back for it to write. So this process needs no file, and the one that has privileges looks at no packet.

import { RecorderConfig, readChildConfig } from '../lib/child-config.ts';
import { EXIT, exitOnUncaught, reportFailure, writeError } from '../lib/failure.ts';
import { loadNative } from '../lib/native.ts';
import { printable } from '../lib/printable.ts';
import { onStopSignal } from '../lib/stop-signals.ts';
import { openUpstream } from '../lib/upstream.ts';
import { recordedLine } from './recorded-line.ts';
import { createRecorder } from './recorder.ts';

/** What is lost at most when all ends at once. */
const FLUSH_EVERY_MS = 1000;
/** Packed bytes that wait for a slow disk: half a minute of a flood. */
const WAITING_MAX_BYTES = 32 * 1024 * 1024;

function main(): void {
  const config = readChildConfig(RecorderConfig);
  loadNative().lockDown(config.identity);
  const upstream = openUpstream({
    onControl(frame) {
      recorder.onControl(frame);
      if (frame.type === 'hello') writeError(`Recording ${config.what} packets into ${config.name}: Ctrl-C ends it.`);
      if (frame.type === 'notice') writeError(printable(frame.text));
    },
    onHops: (batch) => recorder.onHops(batch),
    onEnd() {
      recorder.finish();
      void upstream.close().then(() => {
        writeError(recordedLine(recorder));
        process.exit(EXIT.ok);
      });
    },
    // Nobody is left who could write the rest.
    onFailure: (failure) => process.exit(reportFailure(failure)),
  });
  const recorder = createRecorder({
    filter: config.filter,
    rotateBytes: config.rotateBytes,
    notes: config.notes,
    now: Date.now,
    isFull: () => upstream.waitingBytes > WAITING_MAX_BYTES,
    begin: () => upstream.tell({ type: 'file' }),
    write: upstream.writeFile,
    end: () => upstream.tell({ type: 'file-end' }),
  });
  setInterval(() => recorder.flush(), FLUSH_EVERY_MS);
  onStopSignal(upstream.finish);
}

exitOnUncaught();
try {
  main();
} catch (error) {
  process.exit(reportFailure(error));
}
