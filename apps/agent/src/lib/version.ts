// Set by build.mjs from the root package.json; a source tree that runs unbundled has none.
declare const HOPSCOPE_VERSION: string | undefined;

export const VERSION: string = typeof HOPSCOPE_VERSION === 'string' ? HOPSCOPE_VERSION : '0.0.0-source';
