// Run as a process of its own by lab.test.ts: starts the practice host, says so in one line, and stays.
import { startLab } from '@hopscope/lab';

const lab = await startLab();
const inside = lab.run('web', ['sleep', 'infinity'], { stdio: 'ignore' });
process.stdout.write(`${JSON.stringify({ namespaces: lab.namespaces, inside: inside.pid })}\n`);
