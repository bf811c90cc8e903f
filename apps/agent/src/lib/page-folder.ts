import { fileURLToPath } from 'node:url';

/** The built page, as seen from the bundle in apps/agent/dist. */
export const PAGE_FOLDER = fileURLToPath(new URL('../../web/dist/', import.meta.url));
