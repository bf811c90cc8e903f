// Starts programs: quietly with a log, or in the same terminal with signals passed on.
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { Failure, root, short } from './terminal.mjs';

const logFolder = join(root, '.hopscope', 'log');

const lastLines = (file, count) => readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');

/**
 * Runs a command with its output in .hopscope/log/NAME.log. On failure throws a Failure that shows the log's end.
 * `options.cwd` and `options.env` as for spawn.
 */
export async function runLogged(name, command, args, options = {}) {
  mkdirSync(logFolder, { recursive: true });
  const logFile = join(logFolder, `${name}.log`);
  const log = createWriteStream(logFile);
  const child = spawn(command, args, { cwd: root, ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const problem = await new Promise((resolve) => {
    child.on('error', (error) =>
      resolve(error.code === 'ENOENT' ? `${command} is not installed` : `${command}: ${error.message}`),
    );
    child.on('close', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)));
  });
  await new Promise((resolve) => log.end(resolve));
  if (problem === undefined) return;
  throw new Failure(
    `${[command, ...args].join(' ')} failed (${problem}); all of its output is in ${short(logFile)}\n${lastLines(logFile, 25)}`,
  );
}

const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/**
 * Runs a command in this terminal and returns its exit code (128 + number when a signal ended it). Signals that reach
 * this process alone go on to the child; the child decides when to end.
 */
export function runHere(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options });
    const forward = (signal) => {
      // A terminal's Ctrl-C has reached the child already, as it is in the same process group.
      if (!(signal === 'SIGINT' && process.stdin.isTTY)) child.kill(signal);
    };
    for (const signal of passedOn) process.on(signal, forward);
    const done = () => {
      for (const signal of passedOn) process.off(signal, forward);
    };
    child.on('error', (error) => {
      done();
      reject(new Failure(`cannot run ${command}: ${error.message}`));
    });
    child.on('exit', (code, signal) => {
      done();
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}
