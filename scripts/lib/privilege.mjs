// Becoming root by sudo, with the words for when that cannot be.
import { findCommand } from './debian-packages.mjs';
import { runHere } from './run.mjs';
import { Failure, say } from './terminal.mjs';

export const isRoot = () => process.getuid() === 0;

/**
 * Runs this same script again through sudo and returns its exit code. PATH is kept, so that the same node is found;
 * sudo sets SUDO_UID, which the agent's unprivileged half goes back to.
 * @param why completes "root is needed to …"
 */
export function rerunAsRoot(why) {
  if (!findCommand('sudo')) {
    throw new Failure(`root is needed to ${why}, and sudo is not installed: run the same command as root`, 4);
  }
  say(`Root is needed to ${why}: going on through sudo`);
  return runHere('sudo', ['-E', 'env', `PATH=${process.env.PATH}`, process.execPath, ...process.argv.slice(1)]);
}
