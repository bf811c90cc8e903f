// `serve --metrics`: what a Prometheus would scrape, held against ip's and ping's own counts and Prometheus' own checker.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Serving, startServe } from './support/hopscope.ts';
import { type LinkCount, type OverloadLab, startOverloadLab } from './support/overload-lab.ts';
import { describeUnless, whyNoPrograms, whyNotRoot } from './support/privilege.ts';
import { runIn } from './support/run.ts';

/** Where `npm test` puts it. */
const tool = join(import.meta.dirname, '../../.hopscope/tools/promtool');
const promtool = existsSync(tool) ? tool : 'promtool';
const isMissing = spawnSync(promtool, ['--version']).error !== undefined;
const whyNoPromtool = isMissing ? 'needs promtool of the Debian package prometheus' : null;

/** `# TYPE`s, and the value of each series by its name and labels as they stand there. */
interface Scrape {
  readonly text: string;
  sum(name: string, ...labels: readonly string[]): number;
}

describeUnless(
  whyNotRoot(),
  whyNoPrograms(),
  whyNoPromtool,
)('serve --metrics', () => {
  let lab: OverloadLab;
  let agent: Serving;
  /** Before anybody counted. */
  let start: readonly LinkCount[];
  beforeAll(async () => {
    lab = await startOverloadLab();
    // Whoever may name an interface must not break what is scraped.
    for (const change of [['down'], ['name', 'q"\\t'], ['up']]) {
      const device = change[0] === 'up' ? 'q"\\t' : 'b0';
      await runIn(lab.lab, 'b', ['ip', 'link', 'set', 'dev', device, ...change]);
    }
    await runIn(lab.lab, 'b', 'ip neigh replace 10.7.7.1 lladdr 02:00:00:07:00:01 nud permanent dev q"\\t'.split(' '));
    await runIn(lab.lab, 'b', ['nft', '-f', '-'], RULES);
    start = await lab.readLinks();
    agent = await startServe(['--metrics']);
  });
  afterAll(async () => {
    await agent?.stop('SIGINT');
    lab?.lab.stop();
  });

  function get(
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number; type: string; text: string }> {
    return new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port: agent.port, path: '/metrics', headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part) => {
          text += part;
        });
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, type: String(answer.headers['content-type']), text }),
        );
      });
      asked.on('error', reject).end();
    });
  }

  async function scrape(): Promise<Scrape> {
    const { text } = await get();
    return {
      text,
      sum: (name, ...labels) =>
        text
          .split('\n')
          .filter((line) => line.startsWith(name) && /^[{ ]/.test(line.slice(name.length)))
          .filter((line) => labels.every((label) => line.includes(label)))
          .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0),
    };
  }

  async function ping(address: string, ...more: readonly string[]): Promise<{ sent: number; received: number }> {
    const { text } = await runIn(lab.lab, 'a', ['ping', '-n', '-q', ...more, address]);
    const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(text) ?? [];
    return { sent: Number(sent), received: Number(received) };
  }

  const quoted = (name: string) => `interface="${name.replace(/["\\]/g, '\\$&')}"`;
  const place = ({ inum, ifname }: LinkCount) => [`netns="${inum}"`, quoted(ifname)] as const;

  async function expectPacketsOfIp(): Promise<void> {
    const links = (await lab.readLinks()).map((link) => {
      const { sent = 0, received = 0 } =
        start.find(({ inum, ifindex }) => inum === link.inum && ifindex === link.ifindex) ?? {};
      return { ...link, sent: link.sent - sent, received: link.received - received };
    });
    const counts = async () => {
      const { sum } = await scrape();
      return links.map((link) => {
        const of = (direction: string) =>
          sum('hopscope_interface_packets_total', ...place(link), `direction="${direction}"`);
        return { ...link, sent: of('transmit'), received: of('receive') };
      });
    };
    await expect.poll(counts, { timeout: 10_000 }).toEqual(links);
  }

  test("packets, verdicts, drops and round trips are ip's and ping's own", async () => {
    const answered = await ping('10.7.7.2', '-c', '40', '-i', '0.01');
    const dropped = await ping('10.7.7.2', '-c', '7', '-i', '0.01', '-s', '900', '-W', '1');
    expect([answered, dropped]).toEqual([
      { sent: 40, received: 40 },
      { sent: 7, received: 0 },
    ]);
    await expectPacketsOfIp();

    const from = [`namespace="a"`, quoted('a0'), 'protocol="icmp"'];
    await expect
      .poll(async () => (await scrape()).sum('hopscope_round_trip_seconds_count', ...from), { timeout: 10_000 })
      .toBe(answered.received);
    const at = ['reason="NETFILTER_DROP"', 'namespace="b"', quoted('q"\\t')];
    await expect
      .poll(async () => (await scrape()).sum('hopscope_drops_total', ...at), { timeout: 10_000 })
      .toBe(dropped.sent);
    const { sum } = await scrape();
    expect(sum('hopscope_round_trip_seconds_bucket', ...from, 'le="+Inf"')).toBe(answered.received);
    expect(sum('hopscope_round_trip_seconds_bucket', ...from, 'le="2.5"')).toBe(answered.received);
    expect(sum('hopscope_round_trip_seconds_sum', ...from)).toBeGreaterThan(0);
    expect(sum('hopscope_round_trip_seconds_sum', ...from)).toBeLessThan(1);
    expect(sum('hopscope_exchanges_total', 'verdict="dropped"')).toBe(dropped.sent);
    const [seen, delivered, pending, lost] = [
      'seen_records_total',
      'delivered_records_total',
      'pending_records',
      'lost_records_total',
    ].map((name) => sum(`hopscope_${name}`)) as [number, number, number, number];
    expect(seen).toBe(delivered + pending + lost);
    expect(seen).toBeGreaterThan(answered.sent * 16);
  });

  test('packets stay exact at a flood of which only some are followed', async () => {
    const sent = await lab.flood(20_000);
    await expectPacketsOfIp();
    const followed = (await scrape()).sum('hopscope_exchanges_total');
    expect([sent, followed <= sent + 47]).toEqual([40_000, true]);
  });

  test("promtool's check finds nothing to complain about", async () => {
    const { status, type, text } = await get();
    expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(text).toContain('interface="q\\"\\\\t"');
    const check = spawnSync(promtool, ['check', 'metrics'], { input: text, encoding: 'utf8' });
    expect([check.status, check.stdout, check.stderr]).toEqual([0, '', '']);
    const broken = spawnSync(promtool, ['check', 'metrics'], {
      input: text.replaceAll('_total', ''),
      encoding: 'utf8',
    });
    expect(broken.status).not.toBe(0);
  });

  test('an interface that is gone has no series any more, and its packets are still told', async () => {
    await runIn(lab.lab, 'a', ['ip', 'link', 'del', 'a0']);
    const state = async () => {
      const { sum } = await scrape();
      return [
        sum('hopscope_interface_packets_total', quoted('a0')),
        sum('hopscope_left_out_packets', 'why="gone"') > 0,
      ];
    };
    await expect.poll(state, { timeout: 10_000 }).toEqual([0, true]);
  });

  test('only this machine, by its own name, may scrape', async () => {
    expect((await get({ Host: `evil.example:${agent.port}` })).status).toBe(403);
    expect((await get({ Origin: 'http://evil.example' })).status).toBe(403);
    expect((await get({ 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' })).status).toBe(403);
    const quiet = await startServe();
    try {
      const answer = await fetch(`http://127.0.0.1:${quiet.port}/metrics`);
      expect([answer.status, await answer.text()]).toEqual([404, 'not found\n']);
    } finally {
      await quiet.stop('SIGINT');
    }
  });
});

const RULES = `
table ip metrics {
  chain input {
    type filter hook input priority 0;
    icmp type echo-request ip length > 900 drop
  }
}`;
