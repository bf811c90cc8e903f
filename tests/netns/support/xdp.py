"""Puts an XDP program that passes every packet on a device, in native mode: xdp.py IFNAME.

Prints "ready" and keeps it there until it is killed: the program hangs on a BPF link, which ends with this process.
"""
import ctypes
import os
import platform
import signal
import socket
import struct
import sys

NR_BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
PROG_LOAD, LINK_CREATE = 5, 28
PROG_TYPE_XDP, ATTACH_XDP, FLAG_NATIVE = 6, 37, 1 << 2
PASS = 2

libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, attributes):
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    result = libc.syscall(NR_BPF, command, buffer, len(attributes))
    if result < 0:
        number = ctypes.get_errno()
        sys.exit(f"bpf command {command}: {os.strerror(number)}")
    return result


# r0 = PASS; exit
code = ctypes.create_string_buffer(struct.pack("=BBhi", 0xB7, 0, 0, PASS) + struct.pack("=BBhi", 0x95, 0, 0, 0), 16)
licence = ctypes.create_string_buffer(b"GPL")
program = bpf(
    PROG_LOAD,
    struct.pack("=IIQQ", PROG_TYPE_XDP, 2, ctypes.addressof(code), ctypes.addressof(licence)) + bytes(104),
)
bpf(LINK_CREATE, struct.pack("=IIII", program, socket.if_nametoindex(sys.argv[1]), ATTACH_XDP, FLAG_NATIVE) + bytes(32))
print("ready", flush=True)
signal.pause()
