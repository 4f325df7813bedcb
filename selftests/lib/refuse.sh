# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # who sources it reads and sets them
# Calls of the IOMMU API that fail while a policy is carried out. Sourced; the module of refuse/refuse.c
# is loaded before launchguard, and says what an order is.

# shellcheck source=selftests/lib/rogue.sh
. /selftests/lib/rogue.sh

ORDER=/sys/module/refuse/parameters/order
WINDOWS=/sys/kernel/debug/launchguard/windows
EXPOSED=/sys/kernel/debug/launchguard/exposed

CLAIM=iommu_group_claim_dma_owner
ALLOC=iommu_paging_domain_alloc_flags
MAP=iommu_map
ATTACH=iommu_attach_group
UNMAP=iommu_unmap
STEP=pci_get_device
REMOVAL=device_del

# The device that the calls are about, and the memory that it may be given parts of.
rogue=0000:00:06.0
region=0x30000000

# give_up WHAT...: ends the script, with what there is to see.
give_up() {
	echo "$*"
	cat $WINDOWS $EXPOSED $ORDER
	exit 1
}

# order WORD...: an order of refuse.ko.
order() {
	echo "$*" > $ORDER || give_up "no such order: $*"
}

# calls FUNCTION, met FUNCTION: how many there were since the order, and how many fell under it.
calls() { sed -n "s/^$1 calls \([0-9]*\) .*/\1/p" $ORDER; }
met() { sed -n "s/^$1 .* met //p" $ORDER; }

# soon COMMAND...: waits until it succeeds.
soon() {
	tries=200
	until "$@" > /dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || give_up "never: $*"
		usleep 50000
	done
}

# from_here, said: marks a place in the kernel's log, and what stands behind it. The log is not cleared: it is
# looked through for complaints at the end.
from_here() {
	places=$((${places:-0} + 1))
	echo "refuse.sh $$: place $places" > /dev/kmsg
}
said() { dmesg | sed "1,/refuse.sh $$: place $places\$/d"; }

# in_force NAME: commits /tmp/NAME.
in_force() {
	commit "/tmp/$1" || give_up "$1 is refused: $(cat /sys/devices/faux/launchguard/policy_error)"
}

# reached: a letter for each of $probes, which inject takes, L where it landed and R where it was refused.
reached() { inject now $rogue $region "$probes"; }
reaches() { [ "$(reached)" = "$1" ]; }
expect_reached() {
	found=$(reached)
	[ "$found" = "$1" ] || give_up "it reaches $found, expected $1"
}

# expect_within OUTCOME: what it reaches is nothing that OUTCOME has not.
expect_within() {
	found=$(reached) now=$found most=$1
	while [ -n "$now" ]; do
		case ${now%"${now#?}"} in
		R | "${most%"${most#?}"}") ;;
		*) give_up "it reaches $found, at most $1" ;;
		esac
		now=${now#?} most=${most#?}
	done
}

# expect_blocked WORDS: it is blocked, that is why, and it reaches nothing.
expect_blocked() {
	grep -qx "group [0-9]* $rogue blocked, trouble: $1" $WINDOWS || give_up "not blocked because $1"
	expect_reached "$nothing"
}

# expect_exposed WORDS: it is not owned, and listed with that reason.
expect_exposed() {
	! grep "^group [0-9]* $rogue " $WINDOWS || give_up "it is owned"
	grep -q "^$rogue $1; remedy: " $EXPOSED || give_up "not exposed because $1"
}

# retried FUNCTION: waits until a second call meets its order.
more() { [ "$(met "$1")" -gt 1 ]; }
retried() { soon more "$1"; }

# confined OUTCOME: waits until it is, without trouble.
confined() {
	soon reaches "$1"
	soon grep -qx "group [0-9]* $rogue confined to rogue" $WINDOWS
}
