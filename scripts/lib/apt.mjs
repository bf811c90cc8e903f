// Installs missing Debian packages.
import { mkdirSync } from 'node:fs';
import { findCommand, missingPackages, toolFolder } from './debian-packages.mjs';
import { asRoot } from './privilege.mjs';
import { runHere, runLogged } from './run.mjs';
import { Failure, say, step } from './terminal.mjs';

/** Another apt at work is waited for, at most five minutes. */
function apt(name, ...args) {
  const aptGet = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-o', 'DPkg::Lock::Timeout=300', '-y', ...args];
  const [command, ...rest] = asRoot('run apt-get', aptGet);
  return runLogged(name, command, rest);
}

/** Takes one program out of a package, which stays uninstalled. */
function extract({ name, only }) {
  mkdirSync(toolFolder, { recursive: true });
  const script =
    'apt-get -q download "$1" && dpkg-deb --fsys-tarfile "$1"_*.deb | tar -xO "./$2" > "$3.new" && chmod +x "$3.new" && mv "$3.new" "$3" && rm "$1"_*.deb';
  const file = only.split('/').at(-1);
  return runLogged(`apt-download-${name}`, 'sh', ['-euc', script, 'sh', name, only, file], { cwd: toolFolder });
}

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
  say(`Installing Debian packages: ${missing.map((each) => `${each.name} (${each.why})`).join(', ')}`);
  // Where sudo asks for a password, it asks here and not in the middle of a step.
  const [command, ...rest] = asRoot(`install these packages (apt-get install ${list})`, ['true']);
  if ((await runHere(command, rest)) !== 0) throw new Failure(`root is needed for: apt-get install ${list}`, 4);
  await step('Reading the list of packages (apt-get update)', () => apt('apt-update', 'update'));
  const whole = missing.filter((each) => each.only === undefined).map((each) => each.name);
  if (whole.length > 0) {
    await step(`Installing ${whole.join(' ')}`, () =>
      apt('apt-install', 'install', '--no-install-recommends', ...whole),
    );
  }
  for (const each of missing.filter(({ only }) => only !== undefined)) {
    await step(`Taking ${each.command} out of ${each.name}`, () => extract(each));
  }
  const still = missingPackages(purposes);
  if (still.length > 0) {
    throw new Failure(
      `apt-get installed ${list}, yet this is still missing: ${still.map((each) => each.command ?? each.file).join(', ')}`,
    );
  }
}
