// `--open`: the page in the invoking user's browser, started as that user and not as root.
import { spawn } from 'node:child_process';
import { writeError } from '../lib/failure.ts';
import { childIdentity } from './identity.ts';

/** What a desktop program needs to find its desktop. */
const DESKTOP_VARIABLES = ['PATH', 'DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY', 'LANG', 'BROWSER'];

/** Never fails: a browser that does not open is a line on stderr. */
export function openBrowser(url: string, env: NodeJS.ProcessEnv): void {
  const behindSudo = process.geteuid?.() === 0 && env.SUDO_UID !== undefined && env.SUDO_UID !== '0';
  const { uid, gid, home } = childIdentity(env);
  const desktop = Object.fromEntries(
    DESKTOP_VARIABLES.filter((name) => env[name] !== undefined).map((name) => [name, env[name]]),
  );
  const complain = (why: string) => writeError(`hopscope: the browser was not opened (${why}): open ${url} yourself`);
  const child = spawn('xdg-open', [url], {
    stdio: 'ignore',
    detached: true,
    ...(behindSudo
      ? {
          uid,
          gid,
          cwd: '/',
          env: {
            ...desktop,
            HOME: home,
            XDG_RUNTIME_DIR: `/run/user/${uid}`,
            DBUS_SESSION_BUS_ADDRESS: `unix:path=/run/user/${uid}/bus`,
          },
        }
      : {}),
  });
  child.once('error', (error) =>
    complain('code' in error && error.code === 'ENOENT' ? 'xdg-open is not installed' : error.message),
  );
  child.once('exit', (code) => {
    if (code !== 0) complain(`xdg-open ended with ${code}`);
  });
  child.unref();
}
