import type { DeviceCounter } from '@hopscope/native';
import { type DeviceCounts, STAGE } from '@hopscope/protocol';

/** The kernel side's counters by device and stage, as what `ip -s link` calls TX and RX. Devices without either are left out. */
export function buildDeviceCounts(counters: readonly DeviceCounter[], uncounted: number): DeviceCounts {
  const devices = new Map<string, { inum: number; ifindex: number; sent: number; received: number }>();
  for (const { netnsInum: inum, ifindex, stage, packets } of counters) {
    if (stage !== STAGE.net_dev_start_xmit && stage !== STAGE.netif_receive_skb) continue;
    const key = `${inum}/${ifindex}`;
    const device = devices.get(key) ?? { inum, ifindex, sent: 0, received: 0 };
    if (stage === STAGE.net_dev_start_xmit) device.sent += packets;
    else device.received += packets;
    devices.set(key, device);
  }
  return { type: 'device-counts', devices: [...devices.values()], uncounted };
}
