// The page of `hopscope demo`: which recordings there are.
import type { RecordingFile } from '../recording/open-file.ts';

export const MENU_STYLE_PATH = '/menu.css';

export const MENU_STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 44rem; margin: 3rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; }
ul { list-style: none; padding: 0; }
li { margin: 0.5rem 0; }
a { display: block; padding: 0.8rem 1rem; border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: 8px; color: inherit; text-decoration: none; }
a:hover, a:focus-visible { border-color: currentColor; }
strong { display: block; }
small { opacity: 0.75; }
`;

/** What is in the files was written by others: it is text here. */
export function menuPage(files: ReadonlyMap<string, RecordingFile>): string {
  const items = [...files].map(([name, { recording }]) => {
    const hops = recording.blocks.reduce((sum, block) => sum + block.hops, 0);
    const seconds = ((recording.blocks.at(-1)?.lastNs ?? 0) - (recording.blocks[0]?.firstNs ?? 0)) / 1e9;
    const facts = `${hops.toLocaleString('en')} hops in ${seconds.toFixed(1)} s, Linux ${recording.header.hello.host.kernel}`;
    const [title = '', ...rest] = recording.header.notes.split(': ');
    const text = rest.length === 0 ? '' : `${escapeHtml(rest.join(': '))}<br>`;
    return `<li><a href="/${name}/"><strong>${escapeHtml(title || name)}</strong>${text}<small>${escapeHtml(facts)}</small></a></li>`;
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Hopscope: recordings</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${MENU_STYLE_PATH}">
<h1>Hopscope: recordings to look at</h1>
<p>Each is a real capture, played as it happened.</p>
<ul>
${items.join('\n')}
</ul>
</html>
`;
}

function escapeHtml(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => names[character] ?? character);
}
