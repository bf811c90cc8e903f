// `npm start [-- FLAGS]`: sets up, builds what changed, and runs the agent in this terminal.
import { join } from 'node:path';
import { build } from './build.mjs';
import { findCommand } from './lib/debian-packages.mjs';
import { isRoot, rerunAsRoot } from './lib/privilege.mjs';
import { runHere } from './lib/run.mjs';
import { main, root } from './lib/terminal.mjs';
import { setUp } from './setup.mjs';

main(async () => {
  const flags = process.argv.slice(2);
  const asked = flags.includes('--help') || flags.includes('-h') || flags.includes('--version');
  if (!isRoot() && !asked) return rerunAsRoot('watch packets in the kernel');
  await setUp(flags.includes('--lab') ? ['build', 'lab'] : ['build']);
  await build();
  const agent = [process.execPath, join(root, 'apps/agent/bin/hopscope.mjs'), 'serve', ...flags];
  // Should this process be killed, the agent is told to end: Node cannot exec, and nobody else would tell it.
  const setpriv = findCommand('setpriv');
  const [command, ...args] = setpriv === undefined ? agent : [setpriv, '--pdeathsig', 'TERM', ...agent];
  return runHere(command, args, { env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` } });
});
