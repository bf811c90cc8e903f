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

/**
 * Root becomes somebody else until it is called back: for what is done with a file of others between opening one of our own and giving it its
 * name. A guard against mistakes; whoever runs code of their own in here can call root back as well.
 * @returns brings root back
 */
export function lowerRoot({ uid, gid }: Identity): () => void {
  if (process.geteuid?.() !== 0) return () => undefined;
  const groups = process.getgroups?.() ?? [];
  try {
    process.setgroups?.([]);
    process.setegid?.(gid);
    process.seteuid?.(uid);
  } catch (error) {
    if (codeOf(error) !== 'EPERM') throw error;
  }
  return () => {
    if (process.geteuid?.() === 0) return;
    process.seteuid?.(0);
    process.setegid?.(0);
    process.setgroups?.(groups);
  };
}
