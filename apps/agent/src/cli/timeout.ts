/** `--timeout` in ms; null where it was not given. */
export const timeoutMsOf = ({ timeout }: { readonly timeout: number | null }): number | null =>
  timeout === null ? null : timeout * 1000;
