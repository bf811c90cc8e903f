import { describe, expect, test } from 'vitest';
import { createGuard } from './guard.ts';

const guard = createGuard(7070, '127.0.0.1');
const request = (headers: readonly (readonly [string, string])[], url = '/', method = 'GET') => ({
  method,
  url,
  rawHeaders: headers.flat(),
});

const GOOD_HOSTS = ['localhost:7070', '127.0.0.1:7070', '[::1]:7070'];
const EVIL_HOSTS = [
  '',
  'localhost',
  'localhost:7071',
  'localhost:07070',
  'localhost:7070 ',
  'localhost:7070:7070',
  'LOCALHOST:7070.evil.example',
  'localhost.:7070',
  'localhost.evil.example:7070',
  'evil.example',
  'evil.example:7070',
  '127.0.0.1.nip.io:7070',
  '127.0.0.2:7070',
  '127.1:7070',
  '2130706433:7070',
  '0x7f000001:7070',
  '0.0.0.0:7070',
  '[::]:7070',
  '[::ffff:127.0.0.1]:7070',
  '::1:7070',
  '[0:0:0:0:0:0:0:1]:7070',
  'user@localhost:7070',
  'localhost:7070/',
  'localhost:7070\0',
  '\u{1d5c5}ocalhost:7070',
];
const EVIL_ORIGINS = [
  '',
  'null',
  'http://evil.example',
  'http://evil.example:7070',
  'https://localhost:7070',
  'http://localhost',
  'http://localhost:8080',
  'http://localhost:7070/',
  'http://localhost:7070.evil.example',
  'http://localhost:7070@evil.example',
  'http://127.0.0.1.nip.io:7070',
  'http://[::ffff:127.0.0.1]:7070',
  'http://0.0.0.0:7070',
  'HTTP://localhost:7070',
  'file://',
  'chrome-extension://abcdefghijklmnop',
  'http://[::1',
  '%',
  'http://localhost:7070, http://evil.example',
];

describe('a page that the gateway served is let in', () => {
  test.each(GOOD_HOSTS)('Host %s', (host) => {
    expect(guard.refuseRequest(request([['Host', host]]))).toBeNull();
    const headers = [
      ['host', host],
      ['ORIGIN', `http://${host}`],
    ] as const;
    expect(guard.refuseUpgrade(request(headers, '/ws'))).toBeNull();
    expect(guard.refuseRequest(request(headers))).toBeNull();
  });

  test('port 80 goes without saying', () => {
    const plain = createGuard(80, '::1');
    expect(
      plain.refuseUpgrade(
        request([
          ['Host', '[::1]'],
          ['Origin', 'http://[::1]'],
        ]),
      ),
    ).toBeNull();
    expect(
      plain.refuseUpgrade(
        request([
          ['Host', 'localhost:80'],
          ['Origin', 'http://localhost'],
        ]),
      ),
    ).toBeNull();
  });

  test('another loopback address that it was told to listen on', () => {
    const other = createGuard(7070, '127.0.0.2');
    expect(other.refuseRequest(request([['Host', '127.0.0.2:7070']]))).toBeNull();
    expect(guard.refuseRequest(request([['Host', '127.0.0.2:7070']]))?.status).toBe(403);
  });
});

describe('everything else is refused', () => {
  test.each(EVIL_HOSTS)('Host %j', (host) => {
    expect(guard.refuseRequest(request([['Host', host]]))?.status).toBe(403);
    expect(
      guard.refuseUpgrade(
        request([
          ['Host', host],
          ['Origin', `http://${host}`],
        ]),
      )?.status,
    ).toBe(403);
    expect(
      guard.refuseUpgrade(
        request([
          ['Host', host],
          ['Origin', 'http://localhost:7070'],
        ]),
      )?.status,
    ).toBe(403);
  });

  test.each(EVIL_ORIGINS)('Origin %j', (origin) => {
    const headers = [
      ['Host', 'localhost:7070'],
      ['Origin', origin],
    ] as const;
    expect(guard.refuseUpgrade(request(headers, '/ws'))?.status).toBe(403);
    expect(guard.refuseRequest(request(headers))?.status).toBe(403);
  });

  test('an upgrade without Origin', () => {
    expect(guard.refuseUpgrade(request([['Host', 'localhost:7070']], '/ws'))?.status).toBe(403);
  });

  test('no Host, two Hosts, two Origins', () => {
    const [host, origin] = [
      ['Host', 'localhost:7070'],
      ['Origin', 'http://localhost:7070'],
    ] as const;
    expect(guard.refuseRequest(request([]))?.status).toBe(403);
    expect(guard.refuseRequest(request([host, ['Host', 'evil.example']]))?.status).toBe(403);
    expect(guard.refuseUpgrade(request([host, host, origin]))?.status).toBe(403);
    expect(guard.refuseUpgrade(request([host, origin, ['Origin', 'http://evil.example']]))?.status).toBe(403);
  });

  test.each(['http://evil.example/', '*', '', 'localhost:7070'])('target %j', (url) => {
    expect(guard.refuseRequest(request([['Host', 'localhost:7070']], url))?.status).toBe(400);
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'CONNECT', 'get'])('method %s', (method) => {
    expect(guard.refuseRequest(request([['Host', 'localhost:7070']], '/', method))?.status).toBe(405);
  });
});
