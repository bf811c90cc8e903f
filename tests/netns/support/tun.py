"""Makes a tun device, a device without a link layer, and answers the IPv4 pings that leave through it.

tun.py IFNAME ADDRESS/PREFIX prints "ready" when the device is up and serves until it is killed.
"""
import fcntl
import os
import struct
import subprocess
import sys

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data[: len(data) & ~1])) + (data[-1] << 8 if len(data) & 1 else 0)
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


def reply_to(packet):
    header = (packet[0] & 15) * 4
    icmp = bytearray(packet[header:])
    icmp[0], icmp[2:4] = 0, b"\0\0"
    icmp[2:4] = struct.pack("!H", checksum(bytes(icmp)))
    # The sum over the header does not change when its addresses change places.
    return packet[:12] + packet[16:20] + packet[12:16] + packet[20:header] + bytes(icmp)


name, address = sys.argv[1:]
device = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
subprocess.run(["ip", "addr", "add", address, "dev", name], check=True)
subprocess.run(["ip", "link", "set", name, "up"], check=True)
print("ready", flush=True)
while True:
    packet = os.read(device, 65536)
    if packet[0] >> 4 == 4 and packet[9] == 1 and packet[(packet[0] & 15) * 4] == 8:
        os.write(device, reply_to(packet))
