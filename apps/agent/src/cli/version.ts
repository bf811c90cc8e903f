import { release } from 'node:os';
import { loadNative } from '../lib/native.ts';
import { VERSION } from '../lib/version.ts';

/** `hopscope --version` */
export function versionText(): string {
  return `hopscope ${VERSION}\nkernel ${release()}\nlibbpf ${libbpf()}\n`;
}

function libbpf(): string {
  try {
    return loadNative().libbpfVersion();
  } catch {
    return 'unknown: the native addon does not load (npm run build)';
  }
}
