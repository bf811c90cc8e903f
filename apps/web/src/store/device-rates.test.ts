import type { DeviceId, Hop, NetnsId } from '@hopscope/protocol';
import { STAGE } from '@hopscope/protocol';
import { expect, it } from 'vitest';
import { createDeviceRates } from './device-rates.ts';

const ETH0 = 'c2/2' as DeviceId;

const hop = (stage: number): Hop =>
  ({ stage, device: ETH0, netns: 'c2' as NetnsId, ifname: 'eth0', len: 125 }) as Partial<Hop> as Hop;

it('counts a packet once a direction, whatever its stages', () => {
  const rates = createDeviceRates();
  for (const stage of [STAGE.net_dev_queue, STAGE.net_dev_start_xmit]) rates.note(hop(stage));
  for (const stage of [STAGE.netif_rx, STAGE.netif_receive_skb, STAGE.consume_skb]) rates.note(hop(stage));
  expect(rates.of(ETH0)).toMatchObject({ out: 1, in: 1 });
});

it('tells the rate of the last two seconds, and forgets it when nothing follows', () => {
  const rates = createDeviceRates();
  for (let ms = 0; ms <= 5000; ms += 250) {
    for (let i = 0; i < 25; i++) rates.note(hop(STAGE.net_dev_start_xmit));
    rates.tick(ms);
  }
  expect(rates.of(ETH0)?.packetsPerSecond).toBeCloseTo(100);
  expect(rates.of(ETH0)?.bitsPerSecond).toBeCloseTo(100_000);
  for (let ms = 5250; ms <= 8000; ms += 250) rates.tick(ms);
  expect(rates.of(ETH0)).toMatchObject({ packetsPerSecond: 0, out: 525 });
});
