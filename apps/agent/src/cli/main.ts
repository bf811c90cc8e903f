// The hopscope command: finds out what is asked for and runs it.

import { suggest } from '@hopscope/model';
import { EXIT, type ExitCode, exitOnUncaught, exitOnWriteError, Failure, reportFailure } from '../lib/failure.ts';
import { printable } from '../lib/printable.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { exportRecording } from './export.ts';
import { helpFor, helpForAll } from './help.ts';
import { faultList, labDown, labUp } from './lab.ts';
import {
  COMMANDS,
  type Command,
  DEMO,
  DOCTOR,
  EXPORT,
  LAB_DOWN,
  LAB_FAULTS,
  LAB_UP,
  RECORD,
  REPLAY,
  SERVE,
  TRACE,
} from './options.ts';
import { parseOptions } from './parse.ts';
import { record } from './record.ts';
import { replay } from './replay.ts';
import { serve } from './serve.ts';
import { trace } from './trace.ts';
import { versionText } from './version.ts';

async function run(args: readonly string[]): Promise<ExitCode> {
  const [first] = args;
  if (first === 'help' && args[1] !== undefined) return print(helpFor(findCommand(wordsOf(args.slice(1)).join(' '))));
  if (first === '--help' || first === '-h' || first === 'help') return print(helpForAll());
  const words = wordsOf(args);
  const command = words.length > 0 ? findCommand(words.join(' ')) : SERVE;
  const rest = args.slice(words.length);
  const { help, version } = parseOptions(command, rest);
  if (help) return print(helpFor(command));
  if (version) return print(versionText());
  if (command.name === TRACE.name) return trace(parseOptions(TRACE, rest));
  if (command.name === RECORD.name) return record(parseOptions(RECORD, rest));
  if (command.name === REPLAY.name) return replay(parseOptions(REPLAY, rest));
  if (command.name === EXPORT.name) return exportRecording(parseOptions(EXPORT, rest));
  if (command.name === DEMO.name) return demo(parseOptions(DEMO, rest));
  if (command.name === DOCTOR.name) return doctor(parseOptions(DOCTOR, rest));
  if (command.name === LAB_UP.name) return labUp(parseOptions(LAB_UP, rest));
  if (command.name === LAB_DOWN.name) return labDown();
  if (command.name === LAB_FAULTS.name) return print(faultList());
  return serve(parseOptions(SERVE, rest));
}

/** What names the command: one word, or two when the first is `lab`. */
function wordsOf(args: readonly string[]): readonly string[] {
  const isWord = (text: string | undefined) => text !== undefined && !text.startsWith('-');
  if (!isWord(args[0])) return [];
  return args.slice(0, args[0] === 'lab' && isWord(args[1]) ? 2 : 1);
}

function findCommand(name: string): Command {
  const names = COMMANDS.map((command) => command.name);
  const found = COMMANDS.find((command) => command.name === name);
  if (found !== undefined) return found;
  if (name === 'lab') throw new Failure(EXIT.usage, 'lab needs one more word: up, down or faults: see hopscope --help');
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
