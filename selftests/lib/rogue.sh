# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Devices of QEMU's that reach for memory. Sourced.
#
# iommu-testdev writes at once, while its trigger is read, and tells what came of it. It asks nobody
# whether it is a bus master. edu is slower, and reads as well: into a buffer of its own, and from
# there to memory. It tells nothing.

# bar ADDRESS: where the first range of a function's registers is.
bar() {
	echo 1 > "/sys/bus/pci/devices/$1/enable" 2> /dev/null
	sed -n '1s/ .*//p' "/sys/bus/pci/devices/$1/resource"
}

# reach ADDRESS IOVA SIZE PHYSICAL: a write to IOVA that should land at PHYSICAL; landed, refused, or
# the device's answer.
reach() {
	base=$(bar "$1")
	devmem $((base + 0x04)) 32 $(($2 & 0xffffffff))
	devmem $((base + 0x08)) 32 $(($2 >> 32))
	devmem $((base + 0x0c)) 32 "$3"
	devmem $((base + 0x1c)) 32 $(($4 & 0xffffffff))
	devmem $((base + 0x20)) 32 $(($4 >> 32))
	devmem $((base + 0x14)) 32 1
	devmem "$base" 32 > /dev/null
	result=$(devmem $((base + 0x10)) 32)
	case $((result)) in
	0) echo landed ;;
	$((0xdead0002))) echo refused ;;
	*) echo "answer $result" ;;
	esac
}

# The program hammer REGISTERS IOVA PHYSICAL does the same thousands of times, until it is ended.

# expect_reach WORD ADDRESS IOVA SIZE PHYSICAL: ends the script when it is another word.
expect_reach() {
	word=$1
	shift
	found=$(reach "$@")
	[ "$found" = "$word" ] || {
		echo "$*: $found, expected $word"
		cat /sys/kernel/debug/launchguard/windows
		exit 1
	}
}

# commit FILE: stages a policy and puts it in force. The shell's echo, because busybox's sha256sum does not
# tell that its output was refused.
commit() {
	cat "$1" > /sys/devices/faux/launchguard/policy || return 1
	digest=$(sha256sum < "$1")
	echo "${digest%% *}" > /sys/devices/faux/launchguard/commit
}

# edu_copy ADDRESS in|out IOVA SIZE: edu copies up to 4096 bytes from IOVA into its buffer, or out of
# it to IOVA. Returns when it is through, whatever came of it.
edu_copy() {
	edu=$(bar "$1")
	printf '\006' | dd of="/sys/bus/pci/devices/$1/config" bs=1 seek=4 conv=notrunc 2> /dev/null
	case $2 in
	in) from=$3 to=0x40000 run=1 ;;
	out) from=0x40000 to=$3 run=3 ;;
	esac
	devmem $((edu + 0x80)) 64 "$from"
	devmem $((edu + 0x88)) 64 $((to))
	devmem $((edu + 0x90)) 64 "$4"
	devmem $((edu + 0x98)) 64 "$run"
	tries=100
	while [ $(($(devmem $((edu + 0x98)) 64) & 1)) -ne 0 ] && [ $tries -gt 0 ]; do
		tries=$((tries - 1))
		usleep 20000
	done
}

# edu_steal ADDRESS IOVA LOOT PHYSICAL: what edu finds at IOVA when it copies it to LOOT, whose bytes are
# at PHYSICAL; "nothing" when LOOT still holds what was there before.
edu_steal() {
	devmem "$4" 32 0x0badf00d
	edu_copy "$1" in "$2" 4
	edu_copy "$1" out "$3" 4
	found=$(devmem "$4" 32)
	[ $((found)) -ne $((0x0badf00d)) ] && echo "$found" || echo nothing
}
