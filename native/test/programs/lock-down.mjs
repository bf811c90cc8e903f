// A process with everything the gateway has: threads of its own kind, a server, a worker. Prints what lockDown left of it.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { lockDown, openCapture } from '../../index.js';

/** Allocates until the collector's threads have had work, then reads a file through the thread pool. */
const busyWorker = `
  const { parentPort, workerData } = require('node:worker_threads');
  let kept = [];
  for (let round = 0; round < 200; round++) kept = kept.slice(-1000).concat(Array.from({ length: 1000 }, () => ({ round })));
  require('node:fs').readFile(workerData, 'utf8', (error, text) => parentPort.postMessage(error ? error.code : text.length));
  setInterval(() => {}, 1000);
`;
const startWorker = () => new Worker(busyWorker, { eval: true, workerData: '/proc/self/stat' });
const answerOf = (worker) => new Promise((resolve) => worker.once('message', resolve));

function codeOf(action) {
  try {
    action();
    return 'done';
  } catch (error) {
    return error.code ?? error.message;
  }
}

const statusOfThreads = () =>
  readdirSync('/proc/self/task').map((tid) => readFileSync(`/proc/self/task/${tid}/status`, 'utf8'));

const before = startWorker();
await answerOf(before);
await readFile('/etc/hostname');

const [uid, gid] = process.argv.slice(2).map(Number);
const locked = codeOf(() => lockDown({ uid, gid }));

const server = createServer((_request, response) => response.end('served'));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const after = startWorker();
const report = {
  locked,
  worker: await answerOf(after),
  threads: statusOfThreads(),
  served: await (await fetch(`http://127.0.0.1:${server.address().port}`)).text(),
  timer: await wait(1, 'rang'),
  file: (await readFile('/etc/passwd', 'utf8')).length > 0,
  rootFile: await readFile('/etc/shadow').then(
    () => 'read',
    (error) => error.code,
  ),
  spawn: codeOf(() => execFileSync('/bin/true')),
  setuid: codeOf(() => process.setuid(0)),
  capture: codeOf(() => openCapture().close()),
  inherited: codeOf(() => readSync(200, Buffer.alloc(1))),
  again: codeOf(() => lockDown({ uid, gid })),
};
process.stdout.write(JSON.stringify(report), () => process.exit());
