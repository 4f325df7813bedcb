#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# First process of a test machine: mounts what the tests read, then serves the agent on ttyS1.
export PATH=/usr/bin:/usr/sbin:/bin:/sbin HOME=/root TERM=linux
export TPM2TOOLS_TCTI=device:/dev/tpmrm0

mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t debugfs debugfs /sys/kernel/debug
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
# A machine without a module loader would log a failure for every probe of one.
echo /bin/true > /proc/sys/kernel/modprobe

for word in $(cat /proc/cmdline); do
	case $word in
	bed.disk)
		insmod /modules/virtio_blk.ko
		;;
	bed.resume)
		# Nothing behind this line runs when there is an image to resume from.
		cat /sys/class/block/vda/dev > /sys/power/resume
		;;
	bed.shell)
		setsid cttyhack sh
		poweroff -f
		;;
	esac
done

echo "bed: machine is up" > /dev/console
while :; do
	agent < /dev/ttyS1 > /dev/ttyS1 2> /dev/console
done
