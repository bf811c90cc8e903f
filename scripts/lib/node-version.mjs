// Which Node versions the tools run on: vite, knip and node-gyp all say ^20.19 || >=22.12.
import { Failure, say } from './terminal.mjs';

const newestTried = 24;

export function checkNodeVersion(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  const fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
  if (!fits) throw new Failure(`Node ${version} does not fit: Node 20.19 or later, 22.12 or later, or 24 is needed`);
  if (major > newestTried)
    say(`Node ${version} is newer than the versions Hopscope was tried with (20 to ${newestTried})`);
}
