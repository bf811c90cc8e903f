// Pieces of the scripts that the lab's shells run.

const HEREDOC_END = 'END_OF_LAB_INPUT';

export function ipBatch(lines: readonly string[]): string {
  return lines.length === 0 ? 'true' : `ip -batch - ${heredoc(lines.join('\n'))}`;
}

export function heredoc(text: string): string {
  return `<<'${HEREDOC_END}'\n${text}\n${HEREDOC_END}`;
}

export function sysctlScript(name: string, value: string | number): string {
  return `echo ${shellQuote(String(value))} >${sysctlFile(name)}`;
}

/** Quoted for the shell. */
export function sysctlFile(name: string): string {
  return shellQuote(`/proc/sys/${name.replaceAll('.', '/')}`);
}

export function shellQuote(text: string): string {
  return /^[\w./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
