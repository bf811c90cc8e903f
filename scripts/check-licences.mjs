// Everything that ships (the production dependencies, followed to their ends) has a licence that Apache-2.0 can carry.
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { workspaceFolders } from './lib/js-packages.mjs';
import { root } from './lib/terminal.mjs';

const allowed = new Set([
  'Apache-2.0',
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'Unlicense',
]);

const readManifest = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** Node's own rule: the nearest node_modules upwards that has the package. */
function findPackage(name, from) {
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(candidate)) return realpathSync(candidate);
  }
  return undefined;
}

/** One line per package whose licence is not on the list. */
export function checkLicences() {
  const found = [];
  const seen = new Set();
  const queue = workspaceFolders().map((folder) => realpathSync(join(root, folder)));
  for (let folder = queue.pop(); folder !== undefined; folder = queue.pop()) {
    if (seen.has(folder)) continue;
    seen.add(folder);
    const manifest = readManifest(folder);
    const licences = String(manifest.license).replace(/[()]/g, '').split(' OR ');
    if (!licences.some((licence) => allowed.has(licence))) {
      found.push(`${manifest.name}@${manifest.version} is under ${manifest.license}`);
    }
    for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
      const next = findPackage(name, folder);
      if (next !== undefined) queue.push(next);
    }
  }
  return found;
}
