// What the scripts say to the person at the terminal: one line per step, with its time, and a live clock on a TTY.
import { realpathSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const live = process.stderr.isTTY === true && process.env.CI === undefined;
const colour = (code, text) => (live && process.env.NO_COLOR === undefined ? `\x1b[${code}m${text}\x1b[0m` : text);

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Whether the module of this URL is the program that was started, also by way of a link. */
export const isProgram = (moduleUrl) =>
  process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(moduleUrl);

/** A failure whose message says all there is to say: printed without a stack trace. */
export class Failure extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

export const say = (text) => process.stderr.write(`${text}\n`);

export const seconds = (sinceMs) => {
  const elapsed = (Date.now() - sinceMs) / 1000;
  return elapsed < 60 ? `${elapsed.toFixed(1)} s` : `${Math.floor(elapsed / 60)} min ${Math.round(elapsed % 60)} s`;
};

/** Runs `work` under one line that says what is going on, for how long, and how it ended. */
export async function step(title, work) {
  const started = Date.now();
  const clock = live
    ? setInterval(() => process.stderr.write(`\r\x1b[K${colour(36, '…')} ${title} ${seconds(started)}`), 100)
    : undefined;
  if (!live) say(`… ${title}`);
  try {
    const result = await work();
    clearInterval(clock);
    say(`${live ? '\r\x1b[K' : ''}${colour(32, '✓')} ${title} (${seconds(started)})`);
    return result;
  } catch (error) {
    clearInterval(clock);
    say(`${live ? '\r\x1b[K' : ''}${colour(31, '✗')} ${title} (${seconds(started)})`);
    throw error;
  }
}

/** Runs a script's main function; a Failure ends it with one message and its exit code. */
export function main(work) {
  work().then(
    (exitCode) => {
      process.exitCode = exitCode ?? 0;
    },
    (error) => {
      say(error instanceof Failure ? `hopscope: ${error.message}` : error.stack);
      process.exitCode = error.exitCode ?? 1;
    },
  );
}

export const short = (path) => relative(root, path) || '.';
