#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs the scripts named as arguments as the kernel's kselftest runner does: one test each in KTAP,
# its own report indented, a time limit from `settings`, status 4 as a skip.
cd "$(dirname "$0")" || exit 1
limit=$(sed -n 's/^timeout=//p' settings)
number=0
passed=0
failed=0
skipped=0

echo "KTAP version 1"
echo "1..$#"
for test in "$@"; do
	number=$((number + 1))
	output=$(timeout "${limit:-45}" "./$test" 2>&1)
	status=$?
	echo "$output" | sed 's/^/    /'
	case $status in
	0)
		passed=$((passed + 1))
		echo "ok $number $test"
		;;
	4)
		skipped=$((skipped + 1))
		reason=$(echo "$output" | sed -n 's/^1\.\.0 # SKIP //p')
		echo "ok $number $test # SKIP ${reason:-every test was skipped}"
		;;
	124 | 137 | 143)
		failed=$((failed + 1))
		echo "not ok $number $test # TIMEOUT $limit seconds"
		;;
	*)
		failed=$((failed + 1))
		echo "not ok $number $test # exit=$status"
		;;
	esac
done
echo "# Totals: pass:$passed fail:$failed xfail:0 xpass:0 skip:$skipped error:0"
[ $failed -eq 0 ]
