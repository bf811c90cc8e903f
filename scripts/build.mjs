// Builds what changed: bpf, then native; the agent and the page. `node scripts/build.mjs [TARGET…]`
import { buildStamped, isFresh } from './lib/stamp.mjs';
import { targets } from './lib/targets.mjs';
import { Failure, isProgram, main, say, step } from './lib/terminal.mjs';
import { setUp } from './setup.mjs';

/** Builds those of the named targets (by default all) whose inputs changed. Returns whether anything was built. */
export async function build(names = targets.map((target) => target.name)) {
  const unknown = names.find((name) => !targets.some((target) => target.name === name));
  if (unknown !== undefined) throw new Failure(`no such target: ${unknown}`, 2);
  let built = false;
  for (const target of targets.filter((each) => names.includes(each.name))) {
    if (isFresh(target)) continue;
    await step(`Building ${target.title}`, () => buildStamped(target));
    built = true;
  }
  return built;
}

if (isProgram(import.meta.url)) {
  main(async () => {
    const names = process.argv.slice(2);
    await setUp(['build']);
    if (!(await build(names.length > 0 ? names : undefined))) say('Nothing to build');
  });
}
