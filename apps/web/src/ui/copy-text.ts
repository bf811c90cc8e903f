/** @throws when the browser gives this page no clipboard: only pages from localhost or https have one */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard === undefined) throw new Error('no clipboard');
  await navigator.clipboard.writeText(text);
}
