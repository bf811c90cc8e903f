/** Whether what is written there is looked at by a person who wants colours. */
export function hasColors(output: NodeJS.WriteStream): boolean {
  return output.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
}
