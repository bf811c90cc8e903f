// Whom the unprivileged child becomes: the person behind sudo, else nobody.
import { readFileSync } from 'node:fs';
import type { Identity } from '../lib/child-config.ts';

const NOBODY_ID = 65534;

export interface ChildIdentity extends Identity {
  readonly home: string;
}

/** @param env where sudo left the invoking user's ids; believed only when this process is root */
export function childIdentity(env: NodeJS.ProcessEnv): ChildIdentity {
  const own = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  if (own.uid !== 0) {
    const entry = passwdEntry(({ uid }) => uid === own.uid);
    return { ...own, name: entry?.name ?? String(own.uid), home: entry?.home ?? '/' };
  }
  const sudoUid = readId(env.SUDO_UID);
  if (sudoUid !== null && sudoUid !== 0) {
    const entry = passwdEntry(({ uid }) => uid === sudoUid);
    const gid = readId(env.SUDO_GID) ?? entry?.gid ?? NOBODY_ID;
    // Group 0 would leave root's files readable.
    const safeGid = gid === 0 ? NOBODY_ID : gid;
    return { uid: sudoUid, gid: safeGid, name: entry?.name ?? String(sudoUid), home: entry?.home ?? '/' };
  }
  const nobody = passwdEntry(({ name }) => name === 'nobody');
  return { uid: nobody?.uid ?? NOBODY_ID, gid: nobody?.gid ?? NOBODY_ID, name: 'nobody', home: '/' };
}

function readId(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return null;
  const id = Number(text);
  return id < 2 ** 32 - 1 ? id : null;
}

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

function passwdEntry(matches: (entry: PasswdEntry) => boolean): PasswdEntry | undefined {
  let text: string;
  try {
    text = readFileSync('/etc/passwd', 'utf8');
  } catch {
    return undefined;
  }
  for (const line of text.split('\n')) {
    const [name = '', , uid = '', gid = '', , home = ''] = line.split(':');
    const entry = { name, uid: Number(uid), gid: Number(gid), home: home === '' ? '/' : home };
    if (name !== '' && uid !== '' && matches(entry)) return entry;
  }
  return undefined;
}
