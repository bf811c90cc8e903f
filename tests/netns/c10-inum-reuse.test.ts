// C10: a namespace is deleted and the next one gets its inode number. What was sent in the one is never joined to what is sent in the other.
//
// Both lives send the same: answered pings on their loopback, and one half of an exchange each. The first sends a request that
// nobody answers, the second is handed a reply that fits it. The truth is the cookie, which the kernel never gives twice, and when
// each life's traffic was sent.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Exchange } from '@hopscope/model';
import { afterAll, expect, test } from 'vitest';
import { exchangesOf, hopsOf } from './support/exchanges.ts';
import { ethernet, icmp4, ipv4 } from './support/frames.ts';
import { inumOfName, ip } from './support/ip-oracle.ts';
import { testNamespaces } from './support/namespaces.ts';
import { describeUnless, whyNoPrograms, whyNotRoot } from './support/privilege.ts';
import { startRecorder } from './support/recorder.ts';
import { recordScore, recordSkip } from './support/scores.ts';

const INJECT = join(import.meta.dirname, 'support/inject.py');
const ROUNDS = 8;
const PINGS = 5;
const ID = 4_715;
/** Namespaces made to find the number again: others on the machine may take it, or leave lower ones. */
const TRIES = 100;
/** The assembler pairs a reply with a request this old: the second life must begin sooner to prove anything. */
const TIMEOUT_NS = 2_000_000_000;
const HERE = { ip: '10.75.0.1', mac: '02:00:00:00:75:01' };
const GONE = { ip: '10.75.0.2', mac: '02:00:00:00:75:02' };
const CLAIM = 'a namespace deleted, the next one with its inode number, the same addresses, ids and sequence numbers';

const run = promisify(execFile);

describeUnless(whyNotRoot(), whyNoPrograms())('C10: the inode number of a namespace used again', () => {
  const made = testNamespaces('c10');
  afterAll(() => made.removeAll());

  const inside = (name: string, ...argv: readonly string[]) => run('ip', ['netns', 'exec', name, ...argv]);

  /** One life: a pair of devices whose far end is nobody, and pings on the loopback. */
  async function live(name: string): Promise<void> {
    const steps = [
      'link set lo up',
      `link add v0 address ${HERE.mac} type veth peer name v1 address ${GONE.mac}`,
      `addr add ${HERE.ip}/24 dev v0`,
      'link set v0 up',
      'link set v1 up',
      `neigh replace ${GONE.ip} lladdr ${GONE.mac} dev v0 nud permanent`,
    ];
    for (const step of steps) await ip('-n', name, ...step.split(' '));
    await inside(name, 'ping', '-q', '-e', `${ID}`, '-c', `${PINGS}`, '-i', '0.002', '127.0.0.1');
  }

  async function sendHalf(name: string, half: 'request' | 'reply'): Promise<void> {
    if (half === 'request') {
      // Nobody answers, which is ping's failure.
      await inside(name, 'ping', '-q', '-e', `${ID + 1}`, '-c', '1', '-W', '0.01', GONE.ip).catch(() => undefined);
      return;
    }
    const reply = ipv4({ src: GONE.ip, dst: HERE.ip }, icmp4({ type: 0, id: ID + 1, seq: 1 }));
    const frame = ethernet({ src: GONE.mac, dst: HERE.mac }, 0x0800, reply).toString('hex');
    await inside(name, 'sh', '-c', `echo ${frame} | python3 ${INJECT} v1`);
  }

  /** Makes namespaces until one has this number; the others stay, so that their numbers are not given again. */
  async function again(inum: number, round: number): Promise<string | null> {
    for (let nth = 0; nth < TRIES; nth++) {
      const name = await made.add(`r${round}-${nth}`);
      if (inumOfName(name) === inum) return name;
    }
    return null;
  }

  const livesOf = (exchange: Exchange) => new Set(hopsOf(exchange).map(({ netns }) => netns));

  test(`${ROUNDS} times`, async ({ skip }) => {
    let reused = 0;
    let wrong = 0;
    let compared = 0;
    let longestMs = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const first = await made.add(`first${round}`);
      const inum = inumOfName(first);
      const recorder = startRecorder({ netns: [inum] });
      let second: string | null;
      try {
        await live(first);
        await sendHalf(first, 'request');
        await made.remove(`first${round}`);
        second = await again(inum, round);
        if (second !== null) {
          await live(second);
          await sendHalf(second, 'reply');
        }
      } finally {
        recorder.capture.detach();
      }
      const recording = recorder.stop();
      made.removeAll();
      if (second === null) continue;
      if (recording.hops.some(({ netns }) => netns?.startsWith('i') === true)) {
        recordSkip('C10', CLAIM, 'this kernel has no namespace cookies');
        skip('this kernel has no namespace cookies');
      }

      const exchanges = exchangesOf(recording);
      const hops = exchanges.flatMap(hopsOf);
      expect(new Set(hops.map(({ netnsInum }) => netnsInum))).toEqual(new Set([inum]));
      expect(new Set(hops.map(({ netns }) => netns)).size).toBe(2);

      // Each ping of each life once, whole; then the two halves, each on its own.
      wrong += exchanges.filter((exchange) => livesOf(exchange).size > 1).length;
      const pings = exchanges.filter(({ icmpId }) => icmpId === ID);
      expect(pings.map(({ icmpSeq, verdict }) => `${icmpSeq} ${verdict}`)).toEqual(
        [0, 1].flatMap(() => Array.from({ length: PINGS }, (_, i) => `${i + 1} replied`)),
      );
      const halves = exchanges.filter(({ icmpId }) => icmpId === ID + 1);
      expect(halves.map(({ request, reply }) => [request !== null, reply !== null])).toEqual([
        [true, false],
        [false, true],
      ]);
      const [request, reply] = halves;
      const gapNs = (reply?.startNs ?? 0) - (request?.startNs ?? 0);
      longestMs = Math.max(longestMs, gapNs / 1e6);
      if (gapNs < TIMEOUT_NS) reused += 1;
      compared += hops.length;
    }
    expect(wrong).toBe(0);
    expect(reused, 'rounds in which the number came back in time').toBeGreaterThanOrEqual(ROUNDS / 2);
    recordScore('C10', CLAIM, {
      'numbers used again': reused,
      'hops compared': compared,
      'wrong joins': wrong,
      'longest from the one request to the other reply, ms': Math.round(longestMs),
    });
  });
});
