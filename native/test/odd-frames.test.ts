// What a record holds when the device or the packet is not as usual. The frames are sent as they are, past every check of the sender.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Lab, startLab } from '@hopscope/lab';
import { OFFSET, RECORD_BYTES } from '@hopscope/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeUnless, whyNotRoot } from '../../tests/netns/support/privilege.ts';
import { type Recording, startRecorder } from '../../tests/netns/support/recorder.ts';
import { pingIn, runIn } from '../../tests/netns/support/run.ts';
import { pathOfProgram } from './support/run-program.ts';

describeUnless(whyNotRoot())('odd devices and frames', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hopscope-frames-'));
  const sendFrame = join(folder, 'send-frame');
  let lab: Lab;

  beforeAll(async () => {
    execFileSync('c++', ['-std=c++17', '-o', sendFrame, pathOfProgram('send-frame.cc')]);
    lab = await startLab({
      namespaces: [
        { name: 'a', addresses: { left: ['198.18.0.1/24'] } },
        { name: 'b', addresses: { vethwithlongna: ['198.18.0.2/24'] } },
      ],
      wires: [{ a: { namespace: 'a', name: 'left' }, b: { namespace: 'b', name: 'vethwithlongna' } }],
    });
    // As every container's device is: made under a longer name on the host.
    await runIn(lab, 'b', ['sh', '-c', 'ip link set vethwithlongna down && ip link set vethwithlongna name eth0 up']);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await lab?.stop();
  });

  const inums = () => lab.namespaces.map(({ inum }) => inum);

  test.each(['tp_btf', 'raw_tp'] as const)('a renamed device is found by its new name alone (%s)', async (attach) => {
    const recorder = startRecorder({ netns: inums(), ifname: 'eth0', attach });
    await pingIn(lab, 'a', '-c', '1', '198.18.0.2');
    const { hops, bytes } = recorder.stop();
    expect(hops.filter(({ ifname }) => ifname === 'eth0').length).toBeGreaterThan(0);
    for (let at = 0; at < bytes.length; at += RECORD_BYTES) {
      const name = Buffer.from(bytes.subarray(at + OFFSET.ifname, at + OFFSET.ifname + 16)).toString('latin1');
      // A packet at its end may be on no device.
      expect(['eth0', ''].map((each) => each.padEnd(16, '\0'))).toContain(name);
    }
  });

  /** Ethernet and an IPv4 header with that many 4-byte words, though 20 bytes are all there is of it. */
  const frame = (words: number, fragment: string, rest: string) =>
    `ffffffffffff020000000001${'0800'}4${words.toString(16)}00001c1234${fragment}40010000c6120001c6120002${rest}`;

  async function record(hex: string): Promise<Recording> {
    const recorder = startRecorder({ netns: inums() });
    await runIn(lab, 'a', [sendFrame, 'left', hex]);
    // What says that the frame has passed: this one comes after it.
    await pingIn(lab, 'a', '-c', '1', '198.18.0.2');
    return recorder.stop();
  }

  test('a fragment whose header claims more than there is shows nothing', async () => {
    const { hops } = await record(frame(15, '00ff', '50'.repeat(10)));
    expect(hops.filter(({ l4Offset }) => l4Offset === null)).toEqual([]);
  });

  test('no payload byte is in a record', async () => {
    const secret = Buffer.from('SECRET').toString('hex').repeat(8);
    const echo = `0800000000010001${secret}`;
    const frames = [
      frame(5, '0000', echo),
      frame(5, '00ff', secret),
      frame(6, '0000', `01010101${echo}`),
      // An ICMP error that quotes an echo.
      frame(5, '0000', `0301000000000000${frame(5, '0000', echo).slice(28)}`),
    ];
    for (const hex of frames) {
      const { hops, bytes } = await record(hex);
      expect(hops.some(({ headers }) => Buffer.from(headers).includes('1234', 0, 'hex'))).toBe(true);
      expect(Buffer.from(bytes).includes('SECRET')).toBe(false);
    }
  });
});
