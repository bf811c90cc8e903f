// Makes sure that what Hopscope needs is installed. `node scripts/setup.mjs [build] [lab] [test]`, by default build.
import { ensureDebianPackages } from './lib/apt.mjs';
import { ensureJsPackages } from './lib/js-packages.mjs';
import { checkNodeVersion } from './lib/node-version.mjs';
import { Failure, isProgram, main } from './lib/terminal.mjs';

/** Installs what these purposes ('build', 'lab', 'test') need. Costs a few milliseconds when all is there. */
export async function setUp(purposes) {
  checkNodeVersion();
  if (process.platform !== 'linux') throw new Failure(`Hopscope watches the Linux kernel; this is ${process.platform}`);
  await ensureDebianPackages(purposes);
  await ensureJsPackages();
}

if (isProgram(import.meta.url)) {
  const purposes = process.argv.slice(2);
  main(() => setUp(purposes.length > 0 ? purposes : ['build']));
}
