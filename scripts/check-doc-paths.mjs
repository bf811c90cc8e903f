// Every path that a Markdown file puts between backticks, or links to, exists.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { root } from './lib/terminal.mjs';
import { listTree } from './lib/tree.mjs';

const made = /(?:^|\/)(?:dist|build|node_modules|artifacts|\.hopscope)(?:\/|$)/;

function* pathsIn(text, topLevel) {
  for (const [, code] of text.matchAll(/`([^`\n]+)`/g)) {
    // Only what begins at the top of the repository counts; `eth0/…` or `/proc/…` are not ours.
    const path = code.split(/[#:]/)[0];
    if (!/^[\w@.-]+(?:\/[\w@.*{},-]*)*$/.test(path)) continue;
    const first = path.split('/')[0];
    if (path.includes('/') ? topLevel.has(first) : /^[A-Z]+\.md$/.test(path)) yield path;
  }
  for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (!/^(?:[a-z]+:|#)/.test(target)) yield `./${target.split('#')[0]}`;
  }
}

const asPattern = (glob) =>
  new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('**', '§').replaceAll('*', '[^/]*').replaceAll('§', '.*')}`);

/** One line per path that is not there. */
export function checkDocPaths() {
  const files = listTree();
  const topLevel = new Set(files.filter((file) => file.includes('/')).map((file) => file.split('/')[0]));
  const found = [];
  for (const file of files.filter((each) => each.endsWith('.md'))) {
    const text = readFileSync(join(root, file), 'utf8').replace(/^```[\s\S]*?^```/gm, '');
    for (const path of pathsIn(text, topLevel)) {
      if (made.test(path)) continue;
      const places = path.startsWith('.') ? [join(dirname(file), path)] : [path, join(dirname(file), path)];
      const there = places.some((place) =>
        place.includes('*')
          ? files.some((each) => asPattern(place).test(each))
          : existsSync(join(root, normalize(place))),
      );
      if (!there) found.push(`${file} names ${path}, which is not there`);
    }
  }
  return found;
}
