// Which Docker daemons the root process believes in.
import { chmodSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findEngines } from '../../apps/agent/src/capture/names/engines.ts';
import { startCompanion } from './support/child.ts';
import { describeUnless, whyNotRoot } from './support/privilege.ts';

describeUnless(whyNotRoot())('engines', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hopscope-engines-'));
  // The kernel calls a process by the file it was started from: this one waits, and complains of the arguments behind `--`.
  const dockerd = join(folder, 'dockerd');
  symlinkSync('/usr/bin/tail', dockerd);
  chmodSync(folder, 0o755);
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ['root is believed', 0, true],
    ['anybody else is not: root would read what they point to', 65534, false],
  ])('a dockerd of %s', async (_what, uid, believed) => {
    const socketPath = `/nowhere/${process.pid}-${uid}.sock`;
    const asUser = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
    const args = ['-f', '/dev/null', '--', '-H', `unix://${socketPath}`, '--data-root', `/nowhere/${uid}`];
    const daemon = startCompanion([...asUser, dockerd, ...args]);
    await daemon.waitForLine(/cannot open .*data-root/);
    const { sockets, dataRoots } = findEngines({});
    await daemon.stop('SIGKILL');
    expect(sockets.some((each) => each.socketPath === socketPath)).toBe(believed);
    expect(dataRoots.includes(`/nowhere/${uid}`)).toBe(believed);
  });
});
