"""Sends UDP packets that carry their own number: numbered-udp.py IFNAME FROM_MAC TO_MAC FROM TO PORT FIRST COUNT PER_SECOND.

No payload leaves the kernel, so the number stands where records show it: its low 16 bits are the IP id, the rest is the source port less 10000.
"""
import socket
import struct
import sys
import time

ifname, from_mac, to_mac, source, target, port, first, count, per_second = sys.argv[1:]
PAYLOAD = 18
addresses = socket.inet_aton(source) + socket.inet_aton(target)
frame = bytearray(
    bytes.fromhex(to_mac.replace(":", "")) + bytes.fromhex(from_mac.replace(":", "")) + b"\x08\x00"
    + struct.pack("!BBHHHBBH", 0x45, 0, 28 + PAYLOAD, 0, 0, 64, 17, 0) + addresses
    + struct.pack("!HHHH", 0, int(port), 8 + PAYLOAD, 0) + bytes(PAYLOAD)
)
words = sum(struct.unpack("!10H", frame[14:34]))
sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sender.bind((ifname, 0))
print("ready", flush=True)
sys.stdin.readline()
start = time.monotonic()
for i in range(int(count)):
    if i % 64 == 0:
        ahead = i / float(per_second) - (time.monotonic() - start)
        if ahead > 0:
            time.sleep(ahead)
    number = int(first) + i
    low = number & 0xFFFF
    total = words + low
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    struct.pack_into("!H", frame, 18, low)
    struct.pack_into("!H", frame, 24, total ^ 0xFFFF)
    struct.pack_into("!H", frame, 34, 10000 + (number >> 16))
    while True:
        try:
            sender.send(frame)
            break
        except OSError:  # no buffer space: the device is behind
            time.sleep(0.001)
