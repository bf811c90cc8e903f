// The path that Hopscope shows is the path that the packet took.
//
// The oracle is `perf trace -e net:…` on the same four tracepoints, running beside Hopscope. perf prints neither
// addresses nor ICMP fields, so a packet is told by its length: every case pings with a size of its own that nothing else
// on the machine uses, and perf's kernel-side filter lets only these lengths through. skb->len is the IP length once a
// packet has come in (netif_rx, receive) and 14 more while it goes out (net_dev_queue). The skb address then tells
// request from reply: it changes once per packet and never within one.
//
// For each case the test requires of Hopscope's hops of these lengths, and of all its hops with the same ICMP id:
// the same tracepoints on the same interfaces with the same lengths in the same order as perf's, nothing missing, nothing
// extra; the expected devices, written out below; and what perf cannot say: namespaces, addresses, kind, sequence.
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { promisify } from 'node:util';
import { type Lab, startLab } from '@hopscope/lab';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type DockerContainer, type DockerEngine, startDocker, whyNoDocker } from './support/docker.ts';
import { parseHops, startTrace, type TracedHop } from './support/hopscope-trace.ts';
import { type PerfEvent, startPerfTrace, whyNoPerf } from './support/perf-trace.ts';
import { describeUnless, whyNotRoot } from './support/privilege.ts';

const PINGS = 3;
const OWN_INUM = statSync('/proc/self/ns/net').ino;
const run = promisify(execFile);

/** Sizes are 100 apart: headers are 62 bytes at most, so no two cases share a length. Odd, to be unlike anyone's choice. */
const FIRST_SIZE = 313 + 2 * Math.floor(Math.random() * 20);

/** A crossing as the test expects it: the device and the namespace it is in. */
type Step = readonly [ifname: string, inum: number];

interface Case {
  readonly family: 4 | 6;
  readonly src: string;
  readonly dst: string;
  /** Of the request, then of the reply. */
  readonly request: readonly Step[];
  readonly reply: readonly Step[];
  readonly ping: (flags: readonly string[]) => Promise<unknown>;
}

interface Recording {
  readonly truth: PerfEvent[];
  readonly hops: TracedHop[];
}

function sizeOf(nth: number): number {
  return FIRST_SIZE + 100 * nth;
}

/** skb->len on the way in and on the way out. */
function lengthsOf({ family }: Case, nth: number): number[] {
  const packet = sizeOf(nth) + 8 + (family === 4 ? 20 : 40);
  return [packet, packet + 14];
}

/** Pings every case in turn with perf and Hopscope running. */
async function record(cases: readonly Case[]): Promise<Recording> {
  const perf = await startPerfTrace(cases.flatMap(lengthsOf));
  const trace = await startTrace('--json');
  for (const [nth, { ping }] of cases.entries()) await ping(['-c', String(PINGS), '-s', String(sizeOf(nth))]);
  const { status, stdout } = await trace.stop();
  expect(status).toBe(0);
  return { truth: await perf.stop(), hops: parseHops(stdout) };
}

function checkCase({ truth, hops }: Recording, each: Case, nth: number): void {
  const lengths = lengthsOf(each, nth);
  const seen = truth.filter(({ len }) => lengths.includes(len));
  const shown = hops.filter(({ len }) => lengths.includes(len));

  const steps = [...each.request, ...each.reply];
  const rounds = Array.from({ length: PINGS }, () => steps).flat();
  expect(seen.map(({ ifname }) => ifname)).toEqual(rounds.map(([ifname]) => ifname));

  expect(shown.map(({ stage, ifname, len }) => ({ stage, ifname, len }))).toEqual(
    seen.map(({ stage, ifname, len }) => ({ stage, ifname, len })),
  );
  expect(shown.map(({ netns }) => netns)).toEqual(rounds.map(([, inum]) => inum));

  const ids = new Set(shown.map(({ icmp }) => icmp.id));
  expect(ids.size).toBe(1);
  expect(hops.filter(({ icmp, src, dst }) => ids.has(icmp.id) && [src, dst].includes(each.dst))).toEqual(shown);

  const facts = shown.map(({ kind, src, dst, icmp }) => `${kind} ${icmp.type}/${icmp.code} ${src} > ${dst}`);
  const [echo, answer] = each.family === 4 ? ['8/0', '0/0'] : ['128/0', '129/0'];
  const request = `request ${echo} ${each.src} > ${each.dst}`;
  const reply = `reply ${answer} ${each.dst} > ${each.src}`;
  expect(facts).toEqual(rounds.map((_, at) => (at % steps.length < each.request.length ? request : reply)));

  const firstSeq = shown[0]?.icmp.seq ?? 0;
  expect(shown.map(({ icmp }) => icmp.seq)).toEqual(rounds.map((_, at) => firstSeq + Math.floor(at / steps.length)));

  // One identity for one packet and another for the next. (perf's skb address may come back in a later exchange, but
  // never in the reply: the request is freed after that has left.)
  for (let at = 1; at < shown.length; at += 1) {
    const inRound = at % steps.length;
    const samePacket = inRound !== 0 && inRound !== each.request.length;
    if (inRound !== 0) expect(seen[at]?.skb === seen[at - 1]?.skb).toBe(samePacket);
    expect(shown[at]?.packet === shown[at - 1]?.packet, `hops ${at - 1} and ${at} are one packet`).toBe(samePacket);
  }
}

const pingFromHere =
  (address: string) =>
  (flags: readonly string[]): Promise<unknown> =>
    run('ping', ['-n', '-q', '-i', '0.2', ...flags, address]);

/** Resolves when the address answers: a fresh veth needs a moment for IPv6. */
async function untilAnswered(ping: (flags: readonly string[]) => Promise<unknown>): Promise<void> {
  await vi.waitFor(() => ping(['-c', '1', '-W', '1']), { timeout: 20_000 });
}

describeUnless(whyNotRoot(), whyNoPerf())('without Docker', () => {
  const cases: Case[] = [];
  let lab: Lab;
  let recording: Recording;

  beforeAll(async () => {
    lab = await startLab({
      namespaces: [
        {
          name: 'near',
          addresses: { near0: ['10.81.1.2/24', 'fd00:81:1::2/64'] },
          routes: ['default via 10.81.1.1', 'default via fd00:81:1::1'],
        },
        {
          name: 'router',
          addresses: { left0: ['10.81.1.1/24', 'fd00:81:1::1/64'], right0: ['10.81.2.1/24', 'fd00:81:2::1/64'] },
          sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 },
        },
        {
          name: 'far',
          addresses: { far0: ['10.81.2.2/24', 'fd00:81:2::2/64'] },
          routes: ['default via 10.81.2.1', 'default via fd00:81:2::1'],
        },
      ],
      wires: [
        { a: { namespace: 'near', name: 'near0' }, b: { namespace: 'router', name: 'left0' } },
        { a: { namespace: 'router', name: 'right0' }, b: { namespace: 'far', name: 'far0' } },
      ],
    });
    const inum = (name: string) => lab.namespaces.find((each) => each.name === name)?.inum ?? 0;
    const pingFromNear = (address: string) => (flags: readonly string[]) =>
      new Promise((resolve, reject) => {
        const ping = lab.run('near', ['ping', '-n', '-q', '-i', '0.2', ...flags, address], { stdio: 'ignore' });
        ping.on('close', (status) =>
          status === 0 ? resolve(status) : reject(new Error(`ping ${address}: ${status}`)),
        );
      });
    const loopback: Step[] = [
      ['lo', OWN_INUM],
      ['lo', OWN_INUM],
    ];
    const across: Step[] = [
      ['near0', inum('near')],
      ['left0', inum('router')],
      ['right0', inum('router')],
      ['far0', inum('far')],
    ];
    const back = across.toReversed();
    for (const [family, src, dst] of [
      [4, '127.0.0.1', '127.0.0.1'],
      [6, '::1', '::1'],
    ] as const) {
      cases.push({ family, src, dst, request: loopback, reply: loopback, ping: pingFromHere(dst) });
    }
    for (const [family, src, dst] of [
      [4, '10.81.1.2', '10.81.2.2'],
      [6, 'fd00:81:1::2', 'fd00:81:2::2'],
    ] as const) {
      const ping = pingFromNear(dst);
      await untilAnswered(ping);
      cases.push({ family, src, dst, request: across, reply: back, ping });
    }
    recording = await record(cases);
  });
  afterAll(() => lab?.stop());

  test.each([
    ['(a) localhost', 0],
    ['(d) localhost over IPv6', 1],
    ['(e) a host across a veth router', 2],
    ['(d) a host across a veth router over IPv6', 3],
  ])('%s: every hop that perf saw, in its order, and no other', (_, nth) => {
    checkCase(recording, cases[nth] as Case, nth);
  });
});

describeUnless(
  whyNotRoot(),
  whyNoPerf(),
  whyNoDocker(),
)('with real Docker containers', () => {
  const cases: Case[] = [];
  let docker: DockerEngine;
  let web: DockerContainer;
  let recording: Recording;

  beforeAll(async () => {
    docker = await startDocker();
    web = await docker.run('web');
    const db = await docker.run('db');
    const fromHost: Step[] = [
      [docker.bridge, OWN_INUM],
      [web.hostVeth, OWN_INUM],
      ['eth0', web.inum],
    ];
    const between: Step[] = [
      ['eth0', web.inum],
      [web.hostVeth, OWN_INUM],
      [db.hostVeth, OWN_INUM],
      ['eth0', db.inum],
    ];
    const add = async (family: 4 | 6, src: string, dst: string, request: Step[], ping: Case['ping']) => {
      await untilAnswered(ping);
      cases.push({ family, src, dst, request, reply: request.toReversed(), ping });
    };
    const fromWeb = (address: string) => (flags: readonly string[]) =>
      docker.exec('web', ['ping', '-q', '-i', '0.2', ...flags, address]);
    await add(4, docker.bridgeIpv4, web.ipv4, fromHost, pingFromHere(web.ipv4));
    await add(4, web.ipv4, db.ipv4, between, fromWeb(db.ipv4));
    await add(6, docker.bridgeIpv6, web.ipv6, fromHost, pingFromHere(web.ipv6));
    await add(6, web.ipv6, db.ipv6, between, fromWeb(db.ipv6));
    recording = await record(cases);
  });
  afterAll(() => docker?.stop());

  test.each([
    ['(b) a container from the host', 0],
    ['(c) container to container', 1],
    ['(d) a container from the host over IPv6', 2],
    ['(d) container to container over IPv6', 3],
  ])('%s: every hop that perf saw, in its order, and no other', (_, nth) => {
    checkCase(recording, cases[nth] as Case, nth);
  });

  test('the six lines of one ping from the host, line by line', async () => {
    const id = 17_146;
    const trace = await startTrace();
    await run('ping', ['-n', '-q', '-c', '1', '-e', String(id), web.ipv4]);
    const { status, stdout, stderr } = await trace.stop();
    const line = (inum: number, ifname: string, what: string) =>
      `[${String(inum).padStart(12)}] ${ifname.padStart(16)} ${what}`;
    const request = `request #${id}.001 ${docker.bridgeIpv4} -> ${web.ipv4}`;
    const reply = `  reply #${id}.001 ${web.ipv4} -> ${docker.bridgeIpv4}`;
    expect(stdout.filter((each) => each.includes(`#${id}.`))).toEqual([
      line(OWN_INUM, docker.bridge, request),
      line(OWN_INUM, web.hostVeth, request),
      line(web.inum, 'eth0', request),
      line(web.inum, 'eth0', reply),
      line(OWN_INUM, web.hostVeth, reply),
      line(OWN_INUM, docker.bridge, reply),
    ]);
    expect(status).toBe(0);
    expect(stderr.join('\n')).toMatch(/^seen (\d+), delivered \1, missed 0$/m);
  });
});
