// A ping through a VXLAN: what carried it, and where.
import { once } from 'node:events';
import { type Lab, startLab } from '@hopscope/lab';
import { type Agent, startAgent } from './support/agent.ts';
import { exchangeRow, namespaceBox } from './support/map.ts';
import { expect, test } from './support/test.ts';

let agent: Agent | undefined;
let lab: Lab | undefined;

test.skip(process.getuid?.() !== 0, 'needs root');

test.afterAll(async () => {
  await lab?.stop();
  await agent?.stop();
});

const end = (name: string, own: string, other: string, inside: string) => ({
  name,
  links: { vx0: `type vxlan id 79 local ${own} remote ${other} dstport 4789` },
  addresses: { eth0: [`${own}/24`], vx0: [`${inside}/24`] },
});

test('shows the tunnel around a packet, and where it had which headers', async ({ page }) => {
  lab = await startLab({
    namespaces: [
      end('tunnel-left', '10.79.0.1', '10.79.0.2', '10.80.0.1'),
      end('tunnel-right', '10.79.0.2', '10.79.0.1', '10.80.0.2'),
    ],
    wires: [{ a: { namespace: 'tunnel-left', name: 'eth0' }, b: { namespace: 'tunnel-right', name: 'eth0' } }],
  });
  agent = await startAgent();
  await page.goto(agent.url);
  await expect(namespaceBox(page, 'tunnel-right')).toBeVisible();
  const ping = lab.run('tunnel-left', ['ping', '-n', '-q', '-c', '2', '-i', '0.3', '-e', '4807', '10.80.0.2']);
  await once(ping, 'exit');
  await exchangeRow(page, '#4807.2').click();
  const detail = page.getByRole('region', { name: 'Selected exchange' });
  await expect(detail).toContainText(/Replied in/);
  await expect(detail.getByRole('rowheader')).toHaveText(
    ['vx0', 'eth0', 'eth0', 'vx0', 'vx0', 'eth0', 'eth0', 'vx0'].map((name, i) => new RegExp(`^${i + 1}\\s*${name}`)),
  );
  const tunnels = detail.getByRole('region', { name: 'Tunnels that carried it' });
  await expect(tunnels).toContainText(
    /vxlan 79, 10\.79\.0\.1 → 10\.79\.0\.2.*icmp, 10\.80\.0\.1 → 10\.80\.0\.2.*at eth0 in tunnel-left, eth0 in tunnel-right/,
  );
  await page.screenshot({ path: 'artifacts/screenshots/tunnel-1280x800.png' });
});
