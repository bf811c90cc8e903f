#!/bin/sh
# The first program in the virtual machine: what a system would have mounted, then the probe, then off.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
ip link set lo up
node /hopscope/tests/kernels/probe.mjs /hopscope/apps/agent/bin/hopscope.mjs 12 2>&1
poweroff -f
