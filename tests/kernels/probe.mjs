// Runs Hopscope on the kernel that this is started on, against the practice host, and prints what came of it as one line of JSON behind
// PROBE. Plain JavaScript of Node alone: it also runs in a virtual machine that has nothing else.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { release } from 'node:os';

const [program, seconds = '8'] = process.argv.slice(2);
const hopscope = (...args) => [process.execPath, [program, ...args]];

function doctor() {
  const { status, stdout } = spawnSync(...hopscope('doctor', '--json'), { encoding: 'utf8' });
  return { status, report: stdout.startsWith('{') ? JSON.parse(stdout) : stdout };
}

/** What the practice host's own pings make, path by path. */
function trace() {
  const args = ['trace', '--lab', '--json', '--duration', seconds];
  const { status, stdout, stderr } = spawnSync(...hopscope(...args), { encoding: 'utf8', maxBuffer: 2 ** 28 });
  const objects = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  const exchanges = objects.filter(({ type, verdict }) => type === 'exchange' && verdict !== 'in-flight');
  const kinds = new Map();
  for (const { src, dst, verdict, hops, drop, incomplete } of exchanges) {
    const path = hops.map(({ ifname, way }) => `${ifname} ${way}`).join(', ');
    const name = `${src} > ${dst} ${verdict}${incomplete ? ' incomplete' : ''}: ${path}${drop ? ` ✕ ${drop.ifname}` : ''}`;
    const kind = kinds.get(name) ?? { name, count: 0, reason: drop?.reason ?? null, location: drop?.location ?? null };
    kind.count += 1;
    kinds.set(name, kind);
  }
  const ledger = objects.filter(({ type }) => type === 'ledger').at(-1) ?? null;
  return { status, said: stderr.trimEnd().split('\n'), kinds: [...kinds.values()], ledger };
}

/** Whether the page is served. */
async function serve() {
  const child = spawn(...hopscope('serve', '--lab', '--port', '0'), { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const part of child.stdout.setEncoding('utf8')) {
    said += part;
    if (said.includes('\n')) break;
  }
  if (!said.includes('\n')) return { answer: null, status: child.exitCode };
  const port = /:(\d+)\n/.exec(said)?.[1];
  const [response] = await once(get(`http://127.0.0.1:${port}/`), 'response');
  response.resume();
  child.kill('SIGINT');
  const [status] = await once(child, 'exit');
  return { answer: response.statusCode, status };
}

const result = { kernel: release(), doctor: doctor(), trace: trace(), serve: await serve() };
process.stdout.write(`PROBE ${JSON.stringify(result)}\n`);
