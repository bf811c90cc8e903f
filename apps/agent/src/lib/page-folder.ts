import { fileURLToPath } from 'node:url';

/** The built page, as seen from the bundle in apps/agent/dist; where the tests run this file itself, from here. */
const BESIDE = import.meta.url.endsWith('.ts') ? '../../../web/dist/' : '../../web/dist/';

export const PAGE_FOLDER = fileURLToPath(new URL(BESIDE, import.meta.url));
