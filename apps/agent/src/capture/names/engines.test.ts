import { expect, test } from 'vitest';
import { findEngines, optionValues } from './engines.ts';

test.each([
  [['--data-root', '/a', '--debug'], ['/a']],
  [['--data-root=/a=b'], ['/a=b']],
  [
    ['-g', '/a', '--graph=/b'],
    ['/a', '/b'],
  ],
  [['--data-root'], []],
  [['--data-rooted=/a'], []],
])('%j', (args, expected) => {
  expect(optionValues(args, ['-g', '--graph', '--data-root'])).toEqual(expected);
});

test("the user's DOCKER_HOST comes first, one that is no socket of this machine is left out", () => {
  const sockets = (DOCKER_HOST: string) => findEngines({ DOCKER_HOST }).sockets.map(({ socketPath }) => socketPath);
  expect(sockets('unix:///my/docker.sock')[0]).toBe('/my/docker.sock');
  for (const host of ['tcp://192.0.2.1:2375', 'ssh://host', 'unix://', '/my/docker.sock', '']) {
    expect(sockets(host)).not.toContain('');
    expect(sockets(host).some((path) => !path.startsWith('/') || path === '/my/docker.sock')).toBe(false);
  }
});
