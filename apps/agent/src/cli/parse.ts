// Words of the command line → values of an option table.
import { parseArgs } from 'node:util';
import { suggest } from '@hopscope/model';
import { EXIT, Failure, messageOf } from '../lib/failure.ts';
import { printable } from '../lib/printable.ts';
import { COMMON_OPTIONS, type Command, type OptionTable, type OptionValues } from './options.ts';

type Parsed<Table extends OptionTable> = OptionValues<Table & typeof COMMON_OPTIONS>;

/** @throws Failure (usage) naming the flag or value that is wrong */
export function parseOptions<Table extends OptionTable>(
  command: Command<Table>,
  args: readonly string[],
): Parsed<Table> {
  const table: OptionTable = { ...command.options, ...COMMON_OPTIONS };
  const usage = (text: string) => new Failure(EXIT.usage, `${text}: see hopscope ${command.name} --help`);
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(table)) {
    values[name] = option.kind === 'flag' ? false : option.kind === 'many' ? [] : null;
  }

  const { tokens } = parseArgs({ args: [...args], options: parserOptions(table), strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') throw usage(`unexpected argument "${printable(token.value)}"`);
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
  return values as Parsed<Table>;
}

function readValue(read: () => unknown, flag: string): unknown {
  try {
    return read();
  } catch (error) {
    throw new Failure(EXIT.usage, `${flag}: ${messageOf(error)}`);
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
