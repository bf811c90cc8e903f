// A TypeScript file of ours as one that this Node runs by itself, for tests that need a process to kill.
import { join } from 'node:path';
import { build } from 'esbuild';

/** Bundles `entry` into `folder` and answers the file to run. */
export async function bundleForNode(entry: string, folder: string): Promise<string> {
  const outfile = join(folder, 'bundle.mjs');
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'warning' });
  return outfile;
}
