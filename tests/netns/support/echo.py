"""Pings with ids and sizes of the caller's choice: echo.py ADDRESS [SOURCE IPID] reads lines "ID SEQ BYTES" and sends one echo request
for each, the next one when it has been answered. Prints how many were answered. With IPID each has this IP id, which is not 0.
"""
import socket
import struct
import sys
import time

WAIT_S = 1
REQUEST, REPLY = 8, 0


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


def echo(number, seq, size):
    head = struct.pack("!BBHHH", REQUEST, 0, 0, number, seq) + bytes(size)
    return head[:2] + struct.pack("!H", checksum(head)) + head[4:]


def ip(source, target, ident, payload):
    # The kernel fills in the length and the checksum.
    fields = struct.pack("!BBHHHBBH", 0x45, 0, 0, ident, 0, 64, socket.IPPROTO_ICMP, 0)
    return fields + socket.inet_aton(source) + socket.inet_aton(target) + payload


target, *own_header = sys.argv[1:]
wire = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
wire.connect((target, 0))
if own_header:
    wire.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)
answered = total = 0
for line in sys.stdin:
    number, seq, size = map(int, line.split())
    request = echo(number, seq, size)
    wire.send(ip(own_header[0], target, int(own_header[1]), request) if own_header else request)
    total += 1
    until = time.monotonic() + WAIT_S
    while (left := until - time.monotonic()) > 0:
        wire.settimeout(left)
        try:
            packet = wire.recv(65536)
        except TimeoutError:
            break
        if packet[20] == REPLY and struct.unpack("!HH", packet[24:28]) == (number, seq) and len(packet) == size + 28:
            answered += 1
            break
print(f"answered {answered} of {total}")
