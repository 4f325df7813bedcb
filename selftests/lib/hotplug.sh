# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Devices that come and go. Sourced.

# shellcheck source=selftests/lib/rogue.sh
. /selftests/lib/rogue.sh

WINDOWS=/sys/kernel/debug/launchguard/windows
DMA=/sys/devices/faux/launchguard/dma

# arrived ADDRESS: waits until a function is there and the kernel is through with it, driver and all.
arrived() {
	tries=500
	while [ ! -e "/sys/bus/pci/devices/$1/rescan" ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { echo "$1 did not arrive"; exit 1; }
		usleep 20000
	done
	# The lock of the rescan is held until drivers were asked.
	echo 1 > "/sys/bus/pci/devices/$1/rescan"
}

# arrived_or_scanned ADDRESS: as arrived, for one of two that come at once behind a conventional bridge. The
# emulated firmware was seen not to tell of each: then the bus is scanned after five seconds, as a person
# would, and what is found that way is an arrival as well.
arrived_or_scanned() {
	tries=250
	while [ ! -e "/sys/bus/pci/devices/$1/rescan" ] && [ $tries -gt 0 ]; do
		tries=$((tries - 1))
		usleep 20000
	done
	[ $tries -gt 0 ] || echo 1 > /sys/bus/pci/rescan
	arrived "$1"
}

# gone ADDRESS: waits until a function is not there any more.
gone() {
	tries=500
	while [ -e "/sys/bus/pci/devices/$1" ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { echo "$1 does not go"; exit 1; }
		usleep 20000
	done
}

# expect_line PATTERN: waits until the guard's table of windows has such a line.
expect_line() {
	tries=100
	until grep -q "$1" $WINDOWS; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { echo "no line is '$1'"; cat $WINDOWS; exit 1; }
		usleep 20000
	done
}

# expect_blocked ADDRESS: no driver has the function, and its group is owned and blocked.
expect_blocked() {
	[ ! -e "/sys/bus/pci/devices/$1/driver" ] || { echo "a driver has $1"; exit 1; }
	expect_line " $1 blocked"
}

# expect_driver ADDRESS DRIVER: waits until it has the function.
expect_driver() {
	tries=100
	until [ "$(basename "$(readlink "/sys/bus/pci/devices/$1/driver")")" = "$2" ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { echo "$2 does not have $1"; cat $WINDOWS; exit 1; }
		usleep 20000
	done
}

# expect_nothing_left GROUPS: as many IOMMU groups as that, nothing owned, and nothing that keeps the
# module.
expect_nothing_left() {
	tries=100
	until [ "$(cat $DMA/blocked) $(cat $DMA/confined)" = "0 0" ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { cat $WINDOWS; exit 1; }
		usleep 20000
	done
	found=$(find /sys/kernel/iommu_groups -mindepth 1 -maxdepth 1 | wc -l)
	[ "$found" -eq "$1" ] || { echo "$found IOMMU groups, there were $1"; exit 1; }
	[ "$(cat /sys/module/launchguard/refcnt)" = 0 ] || { echo "something keeps the module"; exit 1; }
}

# commit_policy TEXT: fails, and says why, when it is refused.
commit_policy() {
	printf '%s' "$1" > /tmp/policy
	commit /tmp/policy 2> /dev/null || { cat /sys/devices/faux/launchguard/policy_error; return 1; }
}
