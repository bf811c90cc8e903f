// `npm start [-- FLAGS]`: sets up, builds what changed, and runs the agent in this terminal.
import { join } from 'node:path';
import { build } from './build.mjs';
import { findCommand } from './lib/debian-packages.mjs';
import { asRoot } from './lib/privilege.mjs';
import { runHere } from './lib/run.mjs';
import { main, root } from './lib/terminal.mjs';
import { setUp } from './setup.mjs';

main(async () => {
  const flags = process.argv.slice(2);
  const onlyAsks = ['--help', '-h', '--version'].some((flag) => flags.includes(flag));
  const agent = [process.execPath, join(root, 'apps/agent/bin/hopscope.mjs'), 'serve', ...flags];
  // Should this process be killed, the agent is told to end: Node cannot exec, and nobody else would tell it.
  const setpriv = findCommand('setpriv');
  const bound = setpriv === undefined ? agent : [setpriv, '--pdeathsig', 'TERM', ...agent];
  // Asked for first: without root and sudo nothing need be built.
  const [command, ...args] = onlyAsks ? bound : asRoot('watch packets in the kernel', bound);

  await setUp(flags.includes('--lab') ? ['build', 'lab'] : ['build']);
  await build();
  return runHere(command, args, { env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` } });
});
