# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# KTAP for the scripts beside this folder (Documentation/dev-tools/ktap.rst). Sourced.
#
#   ktap_plan N                 header and plan
#   ktap_skip_all REASON        there is nothing to test here: ends with status 4
#   check NAME COMMAND...       a test: passes when the command succeeds; what it prints is the reason
#   skip NAME REASON            a test that cannot be made here
#   ktap_end                    status: 0 nothing failed, 1 something did, 4 everything was skipped

ktap_number=0
ktap_planned=0
ktap_failed=0
ktap_passed=0

ktap_plan() {
	ktap_planned=$1
	echo "KTAP version 1"
	echo "1..$1"
}

ktap_skip_all() {
	echo "KTAP version 1"
	echo "1..0 # SKIP $*"
	exit 4
}

check() {
	ktap_name=$1
	shift
	ktap_number=$((ktap_number + 1))
	if ktap_output=$("$@" 2>&1); then
		ktap_passed=$((ktap_passed + 1))
		echo "ok $ktap_number $ktap_name"
	else
		ktap_failed=$((ktap_failed + 1))
		[ -z "$ktap_output" ] || echo "$ktap_output" | sed 's/^/# /'
		echo "not ok $ktap_number $ktap_name"
	fi
}

skip() {
	ktap_number=$((ktap_number + 1))
	echo "ok $ktap_number $1 # SKIP $2"
}

ktap_end() {
	if [ "$ktap_number" -ne "$ktap_planned" ]; then
		echo "# planned $ktap_planned tests, made $ktap_number"
		exit 1
	fi
	[ "$ktap_failed" -eq 0 ] || exit 1
	[ "$ktap_passed" -gt 0 ] || exit 4
	exit 0
}
