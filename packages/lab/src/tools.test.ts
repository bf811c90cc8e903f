import { expect, test } from 'vitest';
import { checkTools, toolPath } from './tools.ts';

test('the sbin folders are added to a user’s PATH, after what it had', () => {
  expect(toolPath('/opt/bin:/usr/bin')).toBe('/opt/bin:/usr/bin:/usr/sbin:/sbin:/bin');
  expect(toolPath('')).toBe('/usr/sbin:/usr/bin:/sbin:/bin');
});

test('every missing tool is named together with the Debian package that brings it', () => {
  expect(() => checkTools(['ping', 'setpriv'], '/nonexistent')).toThrow(
    'the lab needs `ip`, `mount`, `nsenter`, `setpriv`, `unshare`, `ping`, which are not installed: ' +
      'apt-get install iproute2 mount util-linux iputils-ping',
  );
});

test('one missing program is named alone', () => {
  const path = toolPath(process.env.PATH ?? '');
  expect(() => checkTools(['no-such-program'], path)).toThrow(
    'the lab needs `no-such-program`, which is not installed: apt-get install no-such-program',
  );
  expect(() => checkTools(['/bin/sh'], path)).not.toThrow();
});
