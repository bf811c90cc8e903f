// `hopscope doctor`: what works here, what does not, and what would mend it.
import { type Check, checkKernel } from '../capture/doctor/kernel-checks.ts';
import { checkSurroundings } from '../capture/doctor/surroundings.ts';
import type { ExitCode } from '../lib/failure.ts';
import { printable } from '../lib/printable.ts';
import type { DOCTOR, OptionValues } from './options.ts';

/** Prints every check; the exit code says whether packets can be captured. */
export async function doctor(values: OptionValues<typeof DOCTOR.options>): Promise<ExitCode> {
  const { checks: kernel, exitCode } = await checkKernel();
  const checks = [...kernel, ...(await checkSurroundings(process.env))];
  const text = values.json
    ? `${JSON.stringify({ schema: 1, type: 'doctor', ok: exitCode === 0, exitCode, checks })}\n`
    : formatChecks(checks, exitCode);
  process.stdout.write(text);
  return exitCode;
}

function formatChecks(checks: readonly Check[], exitCode: ExitCode): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, state, detail, why, mend }) => {
    const indent = ' '.repeat(5 + width + 2);
    const head = `${state.padEnd(3)}  ${name.padEnd(width)}`;
    const what = [why, detail].filter((part) => part !== '').join('; ');
    return [`${head}  ${what}`.trimEnd(), ...(mend === '' ? [] : [`${indent}mend: ${mend}`])].map(printable);
  });
  const verdict = exitCode === 0 ? 'Packets can be captured here.' : 'Packets can not be captured here: see above.';
  return `${[...lines, '', verdict].join('\n')}\n`;
}
