#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# Takes commands from the serial line and answers them, one at a time.
#
#   host:   run ID SECONDS BASE64-OF-A-SHELL-SCRIPT
#   guest:  begin ID
#           BASE64 OF THE OUTPUT, IN LINES
#           end ID STATUS
#
# Standard output and error of the script come back together; STATUS is its exit status, 143 when
# the time was over. A script is a file of its own, so no quoting is needed on the way. The guest
# says "ready" when it starts to listen, also after a restart of the kernel. A line that is not a
# command is answered with "ready" too: the host finds out where it stands by sending one.
stty raw -echo 115200

echo "ready $(cat /proc/sys/kernel/random/boot_id)"
while read -r word id seconds script; do
	if [ "$word" != run ]; then
		echo "ready $(cat /proc/sys/kernel/random/boot_id)"
		continue
	fi
	echo "$script" | base64 -d > /run/script
	timeout "$seconds" sh /run/script > /run/output 2>&1 < /dev/null
	status=$?
	echo "begin $id"
	base64 /run/output
	echo "end $id $status"
done
