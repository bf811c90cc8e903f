// Tools that hang: the reading of tables goes on without them.
import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findTool, runInNetns } from '../../apps/agent/src/capture/evidence/tools.ts';
import { describeUnless, whyNotRoot } from './support/privilege.ts';

const OWN = { inum: statSync('/proc/self/ns/net').ino, files: ['/proc/self/ns/net'] };

describeUnless(whyNotRoot())('a tool that does not end', () => {
  const nsenter = findTool('nsenter') ?? '';

  test('is killed, also where a child of it keeps its output open', { timeout: 8000 }, async () => {
    const answer = await runInNetns(nsenter, OWN, ['sh', '-c', 'sleep 5 & echo begun; wait']);
    expect(answer).toMatchObject({ status: null, stdout: 'begun\n' });
  });

  test('is killed when it says too much', { timeout: 8000 }, async () => {
    const answer = await runInNetns(nsenter, OWN, ['sh', '-c', 'yes']);
    expect(answer?.status).toBe(null);
    expect(answer?.stdout.length).toBeLessThanOrEqual(4 * 1024 * 1024);
  });
});
