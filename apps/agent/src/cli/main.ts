// The hopscope command: finds out what is asked for and runs it.

import { suggest } from '@hopscope/model';
import { EXIT, type ExitCode, exitOnUncaught, exitOnWriteError, Failure, reportFailure } from '../lib/failure.ts';
import { printable } from '../lib/printable.ts';
import { doctor } from './doctor.ts';
import { helpFor, helpForAll } from './help.ts';
import { COMMANDS, type Command, DOCTOR, SERVE, TRACE } from './options.ts';
import { parseOptions } from './parse.ts';
import { serve } from './serve.ts';
import { trace } from './trace.ts';
import { versionText } from './version.ts';

async function run(args: readonly string[]): Promise<ExitCode> {
  const [first] = args;
  if (first === 'help' && args[1] !== undefined) return print(helpFor(findCommand(args[1])));
  if (first === '--help' || first === '-h' || first === 'help') return print(helpForAll());
  const named = first !== undefined && !first.startsWith('-');
  const command = named ? findCommand(first) : SERVE;
  const rest = named ? args.slice(1) : args;
  const { help, version } = parseOptions(command, rest);
  if (help) return print(helpFor(command));
  if (version) return print(versionText());
  if (command.name === TRACE.name) return trace(parseOptions(TRACE, rest));
  if (command.name === DOCTOR.name) return doctor(parseOptions(DOCTOR, rest));
  return serve(parseOptions(SERVE, rest));
}

function findCommand(name: string): Command {
  const names = COMMANDS.map((command) => command.name);
  const found = COMMANDS.find((command) => command.name === name);
  if (found !== undefined) return found;
  const near = suggest(name, names);
  const hint = near === null ? `it is one of ${names.join(', ')}` : `did you mean ${near}?`;
  throw new Failure(EXIT.usage, `unknown command "${printable(name)}" (${hint}): see hopscope --help`);
}

function print(text: string): ExitCode {
  process.stdout.write(text);
  return EXIT.ok;
}

exitOnUncaught();
exitOnWriteError(process.stdout);
run(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error) => process.exit(reportFailure(error)),
);
