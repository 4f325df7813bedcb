# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# QEMU's iommu-testdev as a device that reaches for memory. Sourced.
#
# It writes 0x12345678 and more at once, while its trigger is read, and tells what came of it. It
# asks nobody whether it is a bus master.

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
