"""Switches an offload of a device: offload.py IFNAME gro|tso on|off.

A veth whose GRO is on takes what comes from a peer without TSO as a network card's driver does, by NAPI.
"""
import array
import fcntl
import socket
import struct
import sys

SIOCETHTOOL = 0x8946
SET = {"gro": 0x2C, "tso": 0x1F}
name, what, state = sys.argv[1:]
command = array.array("B", struct.pack("II", SET[what], state == "on"))
fcntl.ioctl(socket.socket(), SIOCETHTOOL, struct.pack("16sP", name.encode(), command.buffer_info()[0]))
