# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# What the benchmarks' scripts have in common. Sourced. A line of theirs that starts with "sample" or "fact"
# is a measurement, with its fields between bars; any other is for the reader of a failure.

# shellcheck disable=SC2034 # for the scripts
GUARD=/sys/devices/faux/launchguard
TABLES=/sys/kernel/debug/launchguard

# sample TABLE ROW CONTENDER VALUE
sample() { echo "sample|$1|$2|$3|$4"; }

# fact NAME VALUE [UNIT]
fact() { echo "fact|$1|$2|${3-}"; }

# measure ORDER: what measure.ko says that took.
measure() {
	[ -e /sys/module/measure ] || insmod /modules/measure.ko || exit 1
	echo "$1" > /sys/module/measure/parameters/order || exit 1
	cat /sys/module/measure/parameters/order
}

# timing PART: nanoseconds of a part of the last judgement.
timing() { awk -v part="$1" '$1 == part { print $2 }' $TABLES/timing; }

# windows given|taken: nanoseconds and number of the guard's last windows.
windows() { awk -v part="$1" '$1 == part { print $2, $4 }' $TABLES/timing; }

# loaded [PARAMETERS]: launchguard is there, with a verdict.
loaded() { clock load /launchguard.ko "$@" > /tmp/load || exit 1; }

# memory: bytes of slabs, of vmalloc and of IOMMU tables, when what is free is given back and all is counted.
memory() {
	sleep 1
	for _ in 1 2; do
		for cache in /sys/kernel/slab/*; do [ -L "$cache" ] || echo 1 > "$cache/shrink"; done
	done
	cat /proc/sys/vm/stat_refresh
	awk '/^nr_slab_unreclaimable / { s = $2 } /^nr_vmalloc / { v = $2 } /^nr_iommu_pages / { i = $2 }
		END { print (s + v + i) * 4096 }' /proc/vmstat
}

# rounds COMMAND...: the command $ROUNDS times; each time $round is its number.
rounds() {
	round=1
	while [ "$round" -le "$ROUNDS" ]; do
		"$@" || exit 1
		round=$((round + 1))
	done
}
