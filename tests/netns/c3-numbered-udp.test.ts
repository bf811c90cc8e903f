// C3: 500,000 UDP packets that carry their own number, from four sides at once: every number has one packet id, every packet id one number.
import { once } from 'node:events';
import { join } from 'node:path';
import { type Lab, startLab } from '@hopscope/lab';
import { openCapture } from '@hopscope/native';
import { OFFSET, RECORD_BYTES } from '@hopscope/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeUnless, whyNoPrograms, whyNotRoot } from './support/privilege.ts';
import { pingIn } from './support/run.ts';
import { recordScore } from './support/scores.ts';

const SENDERS = ['a', 'b', 'c', 'd'];
const PACKETS = 500_000;
/** Of each sender. What the machine cannot do is simply slower. */
const PER_SECOND = 10_000;
const PORT = 9999;
const FIRST_SOURCE_PORT = 10_000;
/** Half of it holds more than a second of this, however late this process gets to read it: so all packets are followed. */
const RING_BYTES = 2 ** 29;
const NUMBERED_UDP = join(import.meta.dirname, 'support/numbered-udp.py');
const NAMES = [...SENDERS, 'e'];
const ipOf = (name: string) => `10.9.9.${NAMES.indexOf(name) + 1}`;
const macOf = (name: string) => `02:00:00:00:09:0${NAMES.indexOf(name) + 1}`;

/** Reads as fast as it can; what it is too slow for is dropped at its socket, which is one more end of a packet. */
const SINK = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", ${PORT}))
print("ready", flush=True)
while True:
    s.recv(64)
`;

/** Which number each packet id has had and which ids each number. */
class Tally {
  merged = 0;
  split = 0;
  readonly #numberOf = new Map<number, number>();
  readonly #idOf = new Float64Array(PACKETS);

  /** @param bytes whole records */
  add(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += RECORD_BYTES) {
      const l3 = at + OFFSET.headers + bytes.readUInt16LE(at + OFFSET.l3_offset);
      const l4 = at + OFFSET.headers + bytes.readUInt16LE(at + OFFSET.l4_offset);
      // The errors of a sink that is not there yet, or not any more.
      if (bytes[l3 + 9] !== 17 || bytes.readUInt16BE(l4 + 2) !== PORT) continue;
      const number = ((bytes.readUInt16BE(l4) - FIRST_SOURCE_PORT) << 16) | bytes.readUInt16BE(l3 + 4);
      const id = bytes.readUInt32LE(at + OFFSET.packet_id) + bytes.readUInt32LE(at + OFFSET.packet_id + 4) * 2 ** 32;
      const known = this.#numberOf.get(id);
      if (known === undefined) {
        this.#numberOf.set(id, number);
        if (this.#idOf[number] !== 0) this.split++;
        this.#idOf[number] = id;
      } else if (known !== number) this.merged++;
    }
  }

  get seen(): number {
    return this.#idOf.reduce((sum, id) => sum + (id === 0 ? 0 : 1), 0);
  }
}

describeUnless(whyNotRoot(), whyNoPrograms())('packets that carry their own number', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await startLab({
      namespaces: [
        ...NAMES.map((name) => ({ name, addresses: { eth0: [`${ipOf(name)}/24`] } })),
        { name: 'switch', bridges: [{ name: 'br0', ports: NAMES.map((name) => `p-${name}`) }] },
      ],
      wires: NAMES.map((name) => ({
        a: { namespace: name, name: 'eth0', mac: macOf(name) },
        b: { namespace: 'switch', name: `p-${name}` },
      })),
    });
    // The bridge learns where everyone is.
    for (const name of SENDERS) await pingIn(lab, name, '-c', '1', ipOf('e'));
  });
  afterAll(() => lab?.stop());

  async function send(): Promise<void> {
    const each = PACKETS / SENDERS.length;
    const senders = SENDERS.map((name, i) => {
      const ways = ['eth0', macOf(name), macOf('e'), ipOf(name), ipOf('e'), PORT, i * each, each, PER_SECOND];
      return lab.run(name, ['python3', NUMBERED_UDP, ...ways.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] });
    });
    await Promise.all(senders.map(({ stdout }) => stdout && once(stdout, 'data')));
    for (const { stdin } of senders) stdin?.end('go\n');
    const codes = await Promise.all(senders.map(async (sender) => (await once(sender, 'close'))[0]));
    expect(codes).toEqual(codes.map(() => 0));
  }

  async function startTcpdump(namespace: string, ifname: string) {
    const child = lab.run(namespace, ['tcpdump', '-i', ifname, '-n', '-w', '/dev/null']);
    const closed = once(child, 'close');
    let said = '';
    await new Promise<void>((resolve) =>
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('listening on')) resolve();
      }),
    );
    return async () => {
      child.kill('SIGINT');
      await closed;
      return Number(/(\d+) packets received by filter/.exec(said)?.[1]);
    };
  }

  test.each([
    ['alone', [], ''],
    [
      'with tcpdump on three devices',
      [
        ['a', 'eth0'],
        ['switch', 'p-b'],
        ['e', 'eth0'],
      ],
      ', with tcpdump running',
    ],
  ] as const)(`${PACKETS} of them, %s`, { timeout: 240_000 }, async (_what, sniffed, claim) => {
    const sink = lab.run('e', ['python3', '-c', SINK]);
    if (sink.stdout !== null) await once(sink.stdout, 'data');
    const sniffers = await Promise.all(sniffed.map(([namespace, ifname]) => startTcpdump(namespace, ifname)));
    const capture = openCapture({
      netns: lab.namespaces.map(({ inum }) => inum),
      protocols: ['udp'],
      ringBytes: RING_BYTES,
    });
    const tally = new Tally();
    const buffer = Buffer.alloc(4096 * RECORD_BYTES);
    const drain = () => {
      for (let bytes = capture.drain(buffer); bytes > 0; bytes = capture.drain(buffer)) {
        tally.add(buffer.subarray(0, bytes));
      }
    };
    const timer = setInterval(drain, 5);
    try {
      await send();
      for (const stop of sniffers) expect(await stop()).toBeGreaterThan(PACKETS / SENDERS.length / 2);
      clearInterval(timer);
      capture.detach();
      drain();
      const { seen, drained, ringFull, sampledOut, identityFull } = capture.counters();
      expect(seen).toBe(drained + ringFull + sampledOut);
      // Queue, xmit, rx of the sender's wire, and one end at least: where a backlog is full, that is all.
      expect(seen).toBeGreaterThanOrEqual(PACKETS * 4);
      const { merged, split } = tally;
      const lost = PACKETS - tally.seen;
      expect({ merged, split, identityFull }).toEqual({ merged: 0, split: 0, identityFull: 0 });
      // What is not seen was counted, record by record.
      expect(lost * 4).toBeLessThanOrEqual(ringFull + sampledOut);
      recordScore('C3', `UDP packets that carry their number, from four sides at once${claim}`, {
        packets: PACKETS,
        merged,
        split,
        'lost, counted': lost,
      });
    } finally {
      clearInterval(timer);
      capture.close();
      sink.kill('SIGKILL');
    }
  });
});
