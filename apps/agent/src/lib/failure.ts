// What may go wrong, as one line for a person and one exit code for a script.

export const EXIT = { ok: 0, failure: 1, usage: 2, kernel: 3, privilege: 4, portInUse: 5 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Its message is the whole story in one line: what is wrong, where, how to mend it. */
export class Failure extends Error {
  override name = 'Failure';
  readonly exitCode: ExitCode;
  /** Shown below the message, as they are: what it is about. */
  readonly lines: readonly string[];

  constructor(
    exitCode: ExitCode,
    message: string,
    options: ErrorOptions & { readonly lines?: readonly string[] } = {},
  ) {
    super(message, options);
    this.exitCode = exitCode;
    this.lines = options.lines ?? [];
  }
}

/** The errno or ERR_* of an error that has one, else ''. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The addon's and the lab's own error codes. */
const EXIT_OF_CODE: Readonly<Record<string, ExitCode>> = {
  ERR_NO_BTF: EXIT.kernel,
  ERR_KERNEL: EXIT.kernel,
  ERR_MISSING_KERNEL: EXIT.kernel,
  ERR_NO_PRIVILEGE: EXIT.privilege,
};

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof Failure ? error.exitCode : (EXIT_OF_CODE[codeOf(error)] ?? EXIT.failure);
}

/** One line on stderr; with HOPSCOPE_DEBUG=1 the stack as well. Answers the exit code. */
export function reportFailure(error: unknown): ExitCode {
  const line = messageOf(error).replace(/\s*\n\s*/g, '; ');
  writeError(`hopscope: ${line}`);
  if (error instanceof Failure) for (const below of error.lines) writeError(below);
  if (process.env.HOPSCOPE_DEBUG === '1' && error instanceof Error) writeError(error.stack ?? '');
  return exitCodeOf(error);
}

/** A line for the person at the terminal. A stderr that is gone is no reason to fail. */
export function writeError(line: string): void {
  try {
    process.stderr.write(`${line}\n`);
  } catch {
    // Nowhere left to say it.
  }
}

/** A fault of our own that nobody caught: still one line, and an end. Call first, in each program. */
export function exitOnUncaught(): void {
  process.on('uncaughtException', (error) => process.exit(reportFailure(error)));
  // Whoever read our complaints may be gone before us.
  process.stderr.on('error', () => undefined);
  // Node's own answer is a debugger that anybody on this machine may use, and every process of the gateway's user can send it.
  process.on('SIGUSR1', () => undefined);
}

/** Ends this program when nothing can be written any more. A reader that has seen enough (`| head`) is no failure; a full disk is. */
export function exitOnWriteError(output: NodeJS.WriteStream): void {
  output.on('error', (error) => {
    if (codeOf(error) === 'EPIPE') process.exit(EXIT.ok);
    process.exit(reportFailure(new Failure(EXIT.failure, `the output cannot be written: ${messageOf(error)}`)));
  });
}
