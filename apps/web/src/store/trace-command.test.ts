import { expect, test } from 'vitest';
import { traceCommand } from './trace-command.ts';

const live = { isLab: false, isRecording: false, hasData: false };

test.each([
  ['', live, 'sudo npx hopscope trace --tree'],
  ['rtt > 1ms', { ...live, isLab: true }, "sudo npx hopscope trace --tree --lab --display-filter 'rtt > 1ms'"],
  [
    'udp',
    { ...live, hasData: true },
    "sudo npx hopscope trace --tree --filter-proto icmp,icmp6,udp,tcp --display-filter 'udp'",
  ],
  [
    'nat',
    { isLab: true, isRecording: true, hasData: true },
    "npx hopscope trace --tree -r RECORDING.hops --display-filter 'nat'",
  ],
  [
    `container == "it's; rm -rf $HOME"`,
    live,
    `sudo npx hopscope trace --tree --display-filter 'container == "it'\\''s; rm -rf $HOME"'`,
  ],
])('%s', (filter, watched, command) => {
  expect(traceCommand(filter, watched)).toBe(command);
});
