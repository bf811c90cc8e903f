import { describe, expect, test } from 'vitest';
import { EXIT, Failure } from '../lib/failure.ts';
import { SERVE, TRACE } from './options.ts';
import { parseOptions } from './parse.ts';

describe('what is given', () => {
  test('nothing: every option has its empty value', () => {
    expect(parseOptions(TRACE, [])).toEqual({
      tree: false,
      report: false,
      mtr: false,
      count: null,
      duration: null,
      timeout: null,
      json: false,
      otlp: false,
      read: null,
      'display-filter': null,
      'filter-netns': [],
      interface: null,
      buffer: null,
      'filter-proto': [],
      'filter-port': [],
      verbose: false,
      lab: false,
      'allow-system-changes': false,
      help: false,
      version: false,
    });
  });

  test('values in every spelling', () => {
    const values = parseOptions(TRACE, [
      '-n',
      '6',
      '--duration=1.5',
      '-i',
      'eth0',
      '-v',
      '--filter-netns',
      '4026531840',
      '--filter-netns=web',
      '--json',
    ]);
    expect(values).toMatchObject({ count: 6, duration: 1.5, interface: 'eth0', verbose: true, json: true });
    expect(values['filter-netns']).toEqual(['4026531840', 'web']);
  });

  test.each([
    ['0', 0],
    ['7070', 7070],
    ['65535', 65535],
  ])('port %s', (text, port) => {
    expect(parseOptions(SERVE, ['--port', text]).port).toBe(port);
  });

  test.each(['localhost', '127.0.0.1', '127.255.255.254', '::1'])('host %s', (host) => {
    expect(parseOptions(SERVE, ['--host', host]).host).toBe(host);
  });
});

describe('what is wrong is a usage failure that names the flag', () => {
  test.each([
    [['--prot', '1'], /unknown flag --prot \(did you mean --port\?\)/],
    [['--xyzzy'], /unknown flag --xyzzy: see hopscope serve --help/],
    [['-x'], /unknown flag -x/],
    [['--port'], /--port needs a value/],
    [['--port', '--lab'], /--port needs a value/],
    [['--port='], /--port: "" is not a port/],
    [['--port', '65536'], /"65536" is not a port: 0 to 65535/],
    [['--port=-1'], /"-1" is not a port/],
    [['--port', '7070x'], /is not a port/],
    [['--port', '1e3'], /is not a port/],
    [['--lab=yes'], /--lab takes no value/],
    [['--no-lab'], /unknown flag --no-lab/],
    [['extra'], /unexpected argument "extra"/],
    [['--host', '0.0.0.0'], /not a loopback address/],
    [['--host', '192.168.1.1'], /not a loopback address/],
    [['--host', '127.0.0.256'], /not a loopback address/],
    [['--host', '127.0.0.01'], /not a loopback address/],
    [['--host', 'localhost.evil.example'], /not a loopback address/],
    [['--host', '::'], /not a loopback address/],
  ])('serve %j', (args, message) => {
    expectUsage(() => parseOptions(SERVE, args), message);
  });

  test.each([
    [['-n', '0'], /-n: "0" is not a count/],
    [['-n', '1.5'], /is not a count/],
    [['-n', '99999999999999999999'], /is not a count/],
    [['--duration', '0'], /is not a number of seconds/],
    [['--duration', '1e9'], /is not a number of seconds/],
    [['--duration', '99999999'], /is not a number of seconds/],
    [['-i', ''], /is not an interface's name/],
    [['-i', 'sixteen-bytes-xx'], /is not an interface's name/],
    [['-i', 'a/b'], /is not an interface's name/],
    [['-i', '..'], /is not an interface's name/],
    [['--buffer', '63'], /is not a size in KiB: a power of two from 64/],
    [['--buffer', '100'], /is not a size in KiB/],
    [['--filter-netns', ''], /is not a network namespace/],
  ])('trace %j', (args, message) => {
    expectUsage(() => parseOptions(TRACE, args), message);
  });

  test('control characters in it do not reach the terminal', () => {
    expectUsage(() => parseOptions(SERVE, ['--\u001b[31m']), /^unknown flag --\?\[31m/);
  });
});

function expectUsage(run: () => unknown, message: RegExp): void {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    if (error instanceof Failure)
      expect([error.exitCode, error.message]).toEqual([EXIT.usage, expect.stringMatching(message)]);
    return;
  }
  throw new Error('it was accepted');
}
