// `hopscope lab up --detach`: the lab belongs to a copy of this program in the background. It still ends with that one, whatever ends it.
import { spawn } from 'node:child_process';
import type { LabFault } from '@hopscope/lab';
import { EXIT, type ExitCode } from '../lib/failure.ts';

/** Resolves when the lab is up, or with the exit code of what went wrong; the copy has said why. */
export function detachLab(fault: LabFault | null): Promise<ExitCode> {
  const [, program = ''] = process.argv;
  const args = ['lab', 'up', ...(fault === null ? [] : ['--fault', fault.name])];
  const child = spawn(process.execPath, [program, ...args], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  child.stderr?.pipe(process.stderr);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(Object.values(EXIT).find((known) => known === code) ?? EXIT.failure));
    child.on('message', (text) => {
      process.stdout.write(String(text));
      child.disconnect();
      child.stderr?.destroy();
      child.unref();
      resolve(EXIT.ok);
    });
  });
}
