// The repository names no path of anybody's machine and no package registry's host.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib/terminal.mjs';
import { listTree } from './lib/tree.mjs';

// Written so that this file does not match itself.
const forbidden = [
  [/\/(?:work|root|home\/\w+)\/[\w.]/, 'a path of one machine'],
  [/\/tmp\/(?:wt|main)\b/, 'a path of one machine'],
  [/registry\.(?:npmjs|yarnpkg)|registry\.npm(?:mirror)|npm\.pkg\.github|deb\.(?:debian)\.org/, 'a registry host'],
];

/** One line per finding: file, line and what it names. */
export function checkTree() {
  const found = [];
  for (const file of listTree()) {
    if (/\.(?:png|ico|woff2|node|o|hops)$/.test(file) || file === 'scripts/check-tree.mjs') continue;
    const lines = readFileSync(join(root, file), 'utf8').split('\n');
    lines.forEach((line, index) => {
      for (const [pattern, what] of forbidden) {
        if (pattern.test(line)) found.push(`${file}:${index + 1} names ${what}`);
      }
    });
  }
  return found;
}
