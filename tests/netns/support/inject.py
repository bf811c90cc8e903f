"""Sends Ethernet frames, given as lines of hex on standard input, out of a device: inject.py IFNAME [SECONDS between two].

Crafted packets need what no ping(8) option makes: tags, extension headers, unfinished fragments.
"""
import socket
import sys
import time

sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sender.bind((sys.argv[1], 0))
pause = float(sys.argv[2]) if len(sys.argv) > 2 else 0
for line in sys.stdin:
    time.sleep(pause)
    sender.send(bytes.fromhex(line.strip()))
