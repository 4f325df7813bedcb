#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The verdict, the reason and the checks tell the same story, and a new judgement of the same
# evidence says the same.
cd "$(dirname "$0")" || exit 1
. lib/ktap.sh
. lib/launchguard.sh

need_root
need_module
ktap_plan 6

verdict=$(settled && cat "$LG/verdict")

reason_is_checks() {
	for id in $(cat "$LG/reason"); do
		[ -f "$LG/checks/$id" ] || { echo "reason names $id, which is no check"; return 1; }
	done
}

reason_fits() {
	reason=$(cat "$LG/reason")
	case $verdict in
	failed | absent) word=fail ;;
	unknown) word=unknown ;;
	*) return 0 ;;
	esac
	[ -n "$reason" ] || { echo "$verdict without a reason"; return 1; }
	for id in $reason; do
		same "$id $(cat "$LG/checks/$id")" "$id $word" || return 1
	done
}

# What makes a launch void can be waived, but not silently.
good_means_good() {
	case $verdict in verified | unpinned) ;; *) return 0 ;; esac
	for id in TXT-01 TXT-13 HEAP-02 TPM-03 TPM-04 KRN-01; do
		[ "$(cat "$LG/checks/$id")" = pass ] || grep -qw "$id" "$LG/waivers" ||
			{ echo "$verdict, but $id is $(cat "$LG/checks/$id")"; return 1; }
	done
}

launcher_fits() {
	case $verdict in
	absent) same "$(cat "$LG/launcher")" none ;;
	verified | unpinned) [ "$(cat "$LG/launcher")" != none ] ;;
	esac
}

judgement() {
	cat "$LG/verdict" "$LG/reason"
	grep . "$LG"/checks/*
}

again() {
	before=$(judgement)
	generation=$(cat "$LG/generation")
	echo 1 > "$LG/reverify" || return 1
	tries=100
	while [ "$(cat "$LG/generation")" = "$generation" ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { echo "no new generation"; return 1; }
		sleep 0.1
	done
	settled || return 1
	same "$(judgement)" "$before"
}

check "a verdict is reached" [ -n "$verdict" ]
check "reason names checks" reason_is_checks
check "reason fits the verdict" reason_fits
check "a good verdict rests on good checks" good_means_good
check "launcher fits the verdict" launcher_fits
check "a new judgement says the same" again
ktap_end
