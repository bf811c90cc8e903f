// Words of the command line → values of an option table.
import { parseArgs } from 'node:util';
import { suggest } from '@hopscope/model';
import { EXIT, Failure, messageOf } from '../lib/failure.ts';
import { printable } from '../lib/printable.ts';
import { COMMON_OPTIONS, type Command, type OptionTable, type OptionValues } from './options.ts';

/** With `operand`, null when it was not given, for a command that has one. */
type Parsed<Any extends Command> = OptionValues<Any['options'] & typeof COMMON_OPTIONS> &
  (Any extends { readonly operand: string } ? { readonly operand: string | null } : unknown);

/** @throws Failure (usage) naming the flag or value that is wrong */
export function parseOptions<Any extends Command>(command: Any, args: readonly string[]): Parsed<Any> {
  const table: OptionTable = { ...command.options, ...COMMON_OPTIONS };
  const usage = (text: string) => new Failure(EXIT.usage, `${text}: see hopscope ${command.name} --help`);
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(table)) {
    values[name] = option.kind === 'flag' ? false : option.kind === 'many' ? [] : null;
  }
  if (command.operand !== undefined) values.operand = null;

  const { tokens } = parseArgs({ args: [...args], options: parserOptions(table), strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      if (values.operand !== null) throw usage(`unexpected argument "${printable(token.value)}"`);
      values.operand = token.value;
      continue;
    }
    const option = table[token.name];
    const flag = printable(token.rawName);
    if (option === undefined) {
      const near = token.rawName.startsWith('--') ? suggest(token.name, Object.keys(table)) : null;
      throw usage(`unknown flag ${flag}${near === null ? '' : ` (did you mean --${near}?)`}`);
    }
    if (option.kind === 'flag') {
      if (token.value !== undefined) throw usage(`${flag} takes no value`);
      values[token.name] = true;
      continue;
    }
    // `--port --lab` is a forgotten value, `--port=-1` is a wrong one.
    if (token.value === undefined || (!token.inlineValue && /^-./.test(token.value))) {
      throw usage(`${flag} needs a value: ${flag} ${option.placeholder}`);
    }
    const value = readValue(() => option.read(token.value), flag);
    values[token.name] = option.kind === 'many' ? [...(values[token.name] as unknown[]), value] : value;
  }
  return values as Parsed<Any>;
}

function readValue(read: () => unknown, flag: string): unknown {
  try {
    return read();
  } catch (error) {
    const lines = error instanceof Failure ? error.lines : [];
    throw new Failure(EXIT.usage, `${flag}: ${messageOf(error)}`, { lines });
  }
}

function parserOptions(table: OptionTable) {
  return Object.fromEntries(
    Object.entries(table).map(([name, option]) => [
      name,
      {
        type: option.kind === 'flag' ? ('boolean' as const) : ('string' as const),
        multiple: true,
        ...(option.short === undefined ? {} : { short: option.short }),
      },
    ]),
  );
}
