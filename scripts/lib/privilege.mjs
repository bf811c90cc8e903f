// Becoming root by sudo, with the words for when that cannot be. Only what needs root runs as root: JavaScript packages
// are installed and programs built as the user, so that nothing of root's stays in the checkout or in npm's cache.
import { findCommand } from './debian-packages.mjs';
import { Failure } from './terminal.mjs';

export const isRoot = () => process.getuid() === 0;

/**
 * A command and its arguments, made to run as root: as they are when this process is root, else through sudo. PATH is
 * kept, so that the same node is found; sudo sets SUDO_UID, which the agent's unprivileged half goes back to.
 * @param why completes "root is needed to …"
 */
export function asRoot(why, command) {
  if (isRoot()) return command;
  if (!findCommand('sudo')) {
    throw new Failure(`root is needed to ${why}, and sudo is not installed: run the same command as root`, 4);
  }
  return ['sudo', '-E', 'env', `PATH=${process.env.PATH}:/usr/sbin:/sbin`, ...command];
}
