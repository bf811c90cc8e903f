// The lab's first process: a shell that is pid 1 of a pid namespace and alone in a mount namespace.
//
// Everything of the lab lives below it, so the lab ends with it, whatever happens to the starter:
//   - the shell reads its commands from a pipe that only the starter holds: when that closes, it ends;
//   - setpriv makes the kernel kill unshare when the starter dies, and --kill-child the shell when unshare does;
//   - the end of pid 1 kills every process in its pid namespace, and with the last process go the mounts, the
//     network namespaces and the links.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { LabError } from './lab-error.ts';
import { LAB_MARK } from './running-labs.ts';

/** Every answer ends with a line of this and the exit status. */
const ANSWER_END = '--end-of-answer--';

/** The shell ends at once when its input closes; only a stuck one is still there after this time. */
const END_PATIENCE_MS = 2000;

export interface InitShell {
  /**
   * Runs a script after those before it and answers what it printed.
   * @throws LabError with `what` and the tool's own message when its last command fails or the lab dies: `ERR_MISSING_KERNEL` when the
   * kernel does not have what the tool asked it for, else `ERR_SYSTEM`
   */
  run(what: string, script: string): Promise<string>;
  /** Resolves when the shell is over, and with it every process of the lab. */
  readonly ended: Promise<void>;
  /** Ends it. */
  end(): Promise<void>;
}

interface Pending {
  readonly what: string;
  readonly resolve: (output: string) => void;
  readonly reject: (error: LabError) => void;
}

export function startInitShell(env: NodeJS.ProcessEnv): InitShell {
  const argv = ['unshare', '--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child=KILL', '--', 'sh'];
  // A session of its own: a Ctrl-C at the terminal is for the starter, which ends the lab in its turn.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...argv], {
    cwd: '/',
    env: { ...env, [LAB_MARK]: String(process.pid) },
    detached: true,
  });
  const pending: Pending[] = [];
  let output = '';
  let complaints = '';

  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    output = answerAll(output, pending);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  // Writing to a shell that is gone: its end is reported below.
  child.stdin.on('error', () => {});
  let over = false;
  const ended = new Promise<void>((resolve) => {
    const finish = (why: string) => {
      over = true;
      for (const { what, reject } of pending.splice(0)) reject(failed(what, why));
      resolve();
    };
    child.on('error', (error) => finish(error.message));
    child.on('close', () => finish(complaints || output || 'it ended by itself'));
  });

  return {
    run: (what, script) =>
      new Promise((resolve, reject) => {
        if (over) {
          reject(failed(what, 'the lab has ended'));
          return;
        }
        pending.push({ what, resolve, reject });
        child.stdin.write(`{\n${script}\n} </dev/null 2>&1; printf '\\n%s %d\\n' '${ANSWER_END}' $?\n`);
      }),
    ended,
    end: () => endShell(child, ended),
  };
}

function answerAll(output: string, pending: Pending[]): string {
  for (;;) {
    const end = new RegExp(`\\n${ANSWER_END} (\\d+)\\n`).exec(output);
    if (end === null) return output;
    const answer = output.slice(0, end.index);
    output = output.slice(end.index + end[0].length);
    const asked = pending.shift();
    if (end[1] === '0') asked?.resolve(answer);
    else asked?.reject(failed(asked.what, answer || `exit status ${end[1]}`));
  }
}

async function endShell(child: ChildProcessWithoutNullStreams, ended: Promise<void>): Promise<void> {
  child.stdin.end();
  const impatience = setTimeout(() => child.kill('SIGKILL'), END_PATIENCE_MS);
  await ended;
  clearTimeout(impatience);
}

/** What iproute2, tc and nft say when a kernel was built without the thing. */
const NOT_IN_KERNEL =
  /Unknown device type|Specified qdisc kind is unknown|TC classifier not found|Failed to load TC action module|Operation not supported/;

function failed(what: string, why: string): LabError {
  const code = NOT_IN_KERNEL.test(why) ? 'ERR_MISSING_KERNEL' : 'ERR_SYSTEM';
  return new LabError(code, `the lab cannot be built: ${what}: ${why.trim().replaceAll(/\s*\n\s*/g, '; ')}`);
}
