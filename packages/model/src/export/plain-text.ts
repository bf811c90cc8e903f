// Names are chosen by whoever made them. In what is exported they are text and nothing else, also for a terminal that shows it.

/** Control characters but tab and the ends of lines, and characters that reorder a line or cannot be seen, become `?`. */
export function plainText(text: string): string {
  return text.replace(/(?![\t\r\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '?');
}

/** Where the end of a line would be the end of more than that. */
export function oneLine(text: string): string {
  return text.replace(/[\r\n\t]+/g, ' ');
}

/** JSON leaves C1 controls and reordering characters as they are; a terminal would act on them. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** An object's JSON without its braces. It needs a member. */
export function jsonMembers(object: Readonly<Record<string, unknown>>): string {
  return safeJson(object).slice(1, -1);
}

/** Names written out that are remembered; a machine with more than that begins anew. */
const QUOTED_KEPT = 4096;

/** A text as JSON, written once for each. For what comes again: names and addresses. */
export function createQuoter(): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    if (known.size === QUOTED_KEPT) known.clear();
    const json = safeJson(text);
    known.set(text, json);
    return json;
  };
}
