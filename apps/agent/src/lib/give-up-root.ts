import type { Identity } from './child-config.ts';
import { codeOf } from './failure.ts';

/**
 * Before anything of a file is believed: root becomes the person behind sudo, or nobody. Without the addon, so that it works wherever Node
 * does; not as thorough as `lockDown`.
 */
export function giveUpRoot({ uid, gid }: Identity): void {
  if (process.geteuid?.() !== 0) return;
  try {
    process.setgroups?.([]);
    process.setgid?.(gid);
    process.setuid?.(uid);
  } catch (error) {
    // A root that may not become anybody else has been stripped already.
    if (codeOf(error) !== 'EPERM') throw error;
  }
}
