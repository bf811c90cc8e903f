// Names of interfaces, containers and processes are chosen by whoever made them: on a terminal they are text and nothing else.

/** Control characters, escape sequences' first bytes and characters that reorder a line become `?`. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '?');
}
