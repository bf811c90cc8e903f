// `npm run bench [P1 P6 …]`: measures, prints a table, and writes artifacts/bench.json.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { measureAssemblerRate } from './assembler-rate.ts';
import { measureDrainRate } from './drain-rate.ts';
import { measureFlood } from './flood.ts';
import { measureKernelCost } from './kernel-cost.ts';
import { measurePageFrames } from './page-frames.ts';
import { measurePageLoad } from './page-load.ts';
import { formatTable, type Row } from './report.ts';
import { measureStartTime } from './start-time.ts';
import { measureTraceRate } from './trace-rate.ts';

const root = join(import.meta.dirname, '..');
const benches: Record<string, () => Promise<Row[]>> = {
  'P1 P2': () => measureKernelCost(join(root, '.hopscope/bench')),
  P3: measureFlood,
  P6: measureDrainRate,
  'P10 P11': measurePageFrames,
  P12: measureStartTime,
  P14: measurePageLoad,
  A1: measureAssemblerRate,
  A2: () => measureTraceRate(root, join(root, '.hopscope/bench')),
};

const wanted = process.argv.slice(2);
const rows: Row[] = [];
for (const [ids, measure] of Object.entries(benches)) {
  if (wanted.length > 0 && !ids.split(' ').some((id) => wanted.includes(id))) continue;
  console.error(`measuring ${ids} …`);
  rows.push(...(await measure()));
}
console.log(`Linux ${release()}, ${cpus().length} CPUs, Node ${process.version}`);
console.log(formatTable(rows));
mkdirSync(join(root, 'artifacts'), { recursive: true });
writeFileSync(join(root, 'artifacts/bench.json'), `${JSON.stringify(rows, null, 2)}\n`);
