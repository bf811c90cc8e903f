// `--help`, made from the option table. Every page fits on a screen of 24 lines and 80 columns.
import { COMMANDS, COMMON_OPTIONS, type Command, type OptionTable } from './options.ts';

const EXIT_CODES = 'Exit codes: 0 ok, 1 failure, 2 usage, 3 kernel, 4 no privilege, 5 port in use.';

/** `hopscope --help` */
export function helpForAll(): string {
  return [
    "hopscope: a live map, in the browser, of every packet's path through a machine",
    '',
    'Usage: hopscope [COMMAND] [OPTIONS]',
    '',
    'Commands:',
    ...align(COMMANDS.map(({ name, summary }) => [name, summary])),
    '',
    'Options:',
    ...optionLines(COMMON_OPTIONS),
    '',
    'hopscope COMMAND --help explains a command. Without one, the map is served.',
    EXIT_CODES,
    '',
  ].join('\n');
}

/** `hopscope COMMAND --help` */
export function helpFor(command: Command): string {
  return [
    `hopscope ${command.name}: ${command.summary}`,
    `Usage: hopscope ${command.name}${command.operand === undefined ? '' : ` ${command.operand}`} [OPTIONS]`,
    'Options:',
    ...optionLines(command.options),
    ...optionLines(COMMON_OPTIONS),
    // The longest page has no line to spare.
    ...(command.notes.length === 0 ? [] : ['', ...command.notes]),
    EXIT_CODES,
    '',
  ].join('\n');
}

function optionLines(table: OptionTable): string[] {
  return align(
    Object.entries(table).map(([name, option]) => {
      const short = option.short === undefined ? '    ' : `-${option.short}, `;
      return [`${short}--${name}${option.kind === 'flag' ? '' : ` ${option.placeholder}`}`, option.help];
    }),
    LEFT_COLUMN,
  );
}

/** So that the common options line up with the command's own: `    --allow-system-changes`. */
const LEFT_COLUMN = 26;

function align(rows: readonly (readonly [string, string])[] | string[][], width = 0): string[] {
  const left = Math.max(width, ...rows.map(([head = '']) => head.length));
  return rows.map(([head = '', text = '']) => `  ${head.padEnd(left)}  ${text}`);
}
