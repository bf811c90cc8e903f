"""UDP there and back. udp.py answer ADDRESS PORT says "ready" and sends everything back. udp.py ask ADDRESS PORT reads lines "FROM BYTES" and
sends a datagram of that size from that port for each, the next one when it came back; prints how many came back.
"""
import socket
import sys

WAIT_S = 1


def answer(address, port):
    wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    wire.bind((address, port))
    print("ready", flush=True)
    while True:
        data, asker = wire.recvfrom(65536)
        wire.sendto(data, asker)


def ask(address, port):
    answered = total = 0
    for line in sys.stdin:
        source, size = map(int, line.split())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
            wire.bind(("", source))
            wire.connect((address, port))
            wire.settimeout(WAIT_S)
            wire.send(bytes(size))
            total += 1
            try:
                answered += len(wire.recv(65536)) == size
            except TimeoutError:
                pass
    print(f"answered {answered} of {total}")


mode, host, number = sys.argv[1:]
(answer if mode == "answer" else ask)(host, int(number))
