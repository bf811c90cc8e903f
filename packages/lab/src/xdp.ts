// The lab's XDP programs: a few lines of C, compiled where they are loaded, so that nothing binary is kept.
import { heredoc } from './shell.ts';
import type { LabXdp } from './topology.ts';

/** No include: the one struct is the kernel's ABI. `verdict` decides about one packet. */
const source = (verdict: string) => `
struct xdp_md { unsigned data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex; };
enum { DROP = 1, PASS = 2 };
__attribute__((section("xdp"), used)) int hopscope_lab(struct xdp_md *ctx) {
  unsigned char *at = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  ${verdict}
}
char _license[] __attribute__((section("license"), used)) = "GPL";`;

const PROGRAMS: Readonly<Record<LabXdp['program'], string>> = {
  pass: source('return PASS;'),
  drop: source('return DROP;'),
  // EtherType at byte 12; the IPv4 protocol at 14 + 9, the IPv6 next header at 14 + 6.
  'drop-icmp': source(`if (at + 24 > end) return PASS;
  if (at[12] == 0x08 && at[13] == 0x00 && at[23] == 1) return DROP;
  if (at[12] == 0x86 && at[13] == 0xdd && at[20] == 58) return DROP;
  return PASS;`),
};

/** How `ip link set` calls each mode. */
const MODES = { native: 'xdpdrv', generic: 'xdpgeneric' } as const;

export function xdpScript(device: string, { program, mode = 'native' }: LabXdp): string {
  const object = `/run/xdp-${program}.o`;
  return [
    `[ -e ${object} ] || clang -O2 -target bpf -x c -c - -o ${object} ${heredoc(PROGRAMS[program])}`,
    `ip link set dev ${device} ${MODES[mode]} obj ${object} sec xdp`,
  ].join('\n');
}

export function noXdpScript(device: string, { mode = 'native' }: LabXdp): string {
  return `ip link set dev ${device} ${MODES[mode]} off`;
}
