// Installs missing Debian packages.
import { findCommand, missingPackages } from './debian-packages.mjs';
import { isRoot } from './privilege.mjs';
import { runLogged } from './run.mjs';
import { Failure, say, step } from './terminal.mjs';

const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
const apt = (name, ...args) =>
  runLogged(name, 'apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-y', ...args], { env: environment });

/** Makes sure that the packages for these purposes are there. Throws a Failure that names what is missing. */
export async function ensureDebianPackages(purposes) {
  const missing = missingPackages(purposes);
  if (missing.length === 0) return;
  const names = missing.map((each) => each.name);
  const list = names.join(' ');
  if (!findCommand('apt-get')) {
    throw new Failure(
      `this is not Debian, so nothing was installed. Install what your distribution has in place of these Debian packages, then start again: ${list}`,
    );
  }
  if (!isRoot()) throw new Failure(`these Debian packages are missing: run as root: apt-get install ${list}`, 4);
  say(`Installing Debian packages: ${missing.map((each) => `${each.name} (${each.why})`).join(', ')}`);
  await step('Reading the list of packages (apt-get update)', () => apt('apt-update', 'update'));
  await step(`Installing ${list}`, () => apt('apt-install', 'install', '--no-install-recommends', ...names));
  const still = missingPackages(purposes);
  if (still.length > 0) {
    throw new Failure(
      `apt-get installed ${list}, yet this is still missing: ${still.map((each) => each.command ?? each.file).join(', ')}`,
    );
  }
}
