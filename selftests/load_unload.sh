#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The module comes and goes many times and leaves nothing behind: no file, no warning, no memory.
cd "$(dirname "$0")" || exit 1
. lib/ktap.sh
. lib/launchguard.sh

need_root
need_spare_machine
rounds=${LAUNCHGUARD_ROUNDS:-100}
ktap_plan 5

loaded=no
[ ! -d "$LG" ] || loaded=yes
[ $loaded = no ] || rmmod launchguard

once() {
	insmod "$LAUNCHGUARD_MODULE" || return 1
	[ -f "$LG/verdict" ] || { echo "no verdict"; return 1; }
	rmmod launchguard || return 1
}

nothing_left() {
	for path in "$LG" "$LG_DEBUG" /sys/module/launchguard; do
		[ ! -e "$path" ] || { echo "$path is still there"; return 1; }
	done
	! grep -qi launchguard /proc/iomem || { echo "still in /proc/iomem"; return 1; }
}

many() {
	round=0
	while [ $round -lt "$rounds" ]; do
		once && nothing_left || { echo "in round $round"; return 1; }
		round=$((round + 1))
	done
}

# Unloading at once meets a judgement that is being made, unloading later one that stands.
with_time() {
	for pause in 0.05 0.2 1 3; do
		insmod "$LAUNCHGUARD_MODULE" || return 1
		sleep $pause
		rmmod launchguard || return 1
		nothing_left || return 1
	done
}

# Slab memory that cannot be reclaimed, in KiB, with the caches of freed objects emptied.
memory() {
	sync
	echo 3 > /proc/sys/vm/drop_caches
	sleep 1
	awk '/^(SUnreclaim|VmallocUsed):/ { sum += $2 } END { print sum }' /proc/meminfo
}

leaks() {
	# The first rounds fill caches that stay.
	before=$(memory)
	many || return 1
	after=$(memory)
	grown=$((after - before))
	# A leak of one snapshot in each round would be far more than this.
	limit=$((rounds * 8))
	[ $grown -lt $limit ] || { echo "grew by $grown KiB in $rounds rounds, limit $limit KiB"; return 1; }
}

quiet() {
	! dmesg | grep -E 'WARNING:|BUG:|Oops|kmemleak|UBSAN' || return 1
}

warm() {
	for round in 1 2 3 4 5; do once || return 1; done
}

check "loads and unloads" warm
check "$rounds rounds leave no file and no memory behind" leaks
check "unloads at any time" with_time
check "nothing is left in sysfs" nothing_left
check "no warning in the kernel log" quiet
[ $loaded = no ] || insmod "$LAUNCHGUARD_MODULE"
ktap_end
