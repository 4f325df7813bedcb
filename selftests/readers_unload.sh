#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Readers of every file, and writers that ask for new judgements, run while the module is unloaded.
cd "$(dirname "$0")" || exit 1
. lib/ktap.sh
. lib/launchguard.sh

need_root
need_spare_machine
rounds=${LAUNCHGUARD_ROUNDS:-10}
ktap_plan 3

[ -d "$LG" ] || insmod "$LAUNCHGUARD_MODULE"
stop=$(mktemp -u)

# The noise that files vanish under a reader's hands is what this is about.
read_all() {
	while [ ! -e "$stop" ]; do
		find "$LG" "$LG_DEBUG" -type f -perm -400 -exec cat {} + > /dev/null 2>&1
	done
}

ask_all() {
	while [ ! -e "$stop" ]; do
		[ ! -e "$LG/reverify" ] || echo 1 2> /dev/null > "$LG/reverify"
	done
}

storm() {
	rm -f "$stop"
	read_all 2> /dev/null &
	first=$!
	read_all 2> /dev/null &
	second=$!
	ask_all 2> /dev/null &
	third=$!
	round=0
	result=0
	while [ $round -lt "$rounds" ]; do
		[ -d "$LG" ] || insmod "$LAUNCHGUARD_MODULE" || { result=1; break; }
		sleep 0.3
		tries=50
		until rmmod launchguard 2> /dev/null; do
			tries=$((tries - 1))
			[ $tries -gt 0 ] || { echo "cannot be unloaded"; result=1; break 2; }
			sleep 0.1
		done
		round=$((round + 1))
	done
	: > "$stop"
	wait $first $second $third
	rm -f "$stop"
	return $result
}

# An open file keeps working or fails, and never shows what is freed.
open_file() {
	[ -d "$LG" ] || insmod "$LAUNCHGUARD_MODULE" || return 1
	exec 9< "$LG/verdict" || return 1
	tries=50
	until rmmod launchguard 2> /dev/null; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { exec 9<&-; echo "an open file blocks the unloading"; return 1; }
		sleep 0.1
	done
	if cat <&9 > /dev/null 2>&1; then
		exec 9<&-
		echo "a file of the unloaded module can be read"
		return 1
	fi
	exec 9<&-
}

quiet() {
	! dmesg | grep -E 'WARNING:|BUG:|Oops|general protection|UBSAN'
}

check "$rounds unloadings under readers and writers" storm
check "a file that is open while the module goes" open_file
check "no warning in the kernel log" quiet
[ -d "$LG" ] || insmod "$LAUNCHGUARD_MODULE"
ktap_end
