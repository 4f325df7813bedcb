#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Every file of Documentation/ABI is there, with its permissions, and holds what it should.
cd "$(dirname "$0")" || exit 1
. lib/ktap.sh
. lib/launchguard.sh

need_root
need_module
ktap_plan 16

# mode OCTAL FILE...
mode() {
	octal=$1
	shift
	modes=$(cd "$LG" && stat -c '%n %a' "$@" 2>&1)
	wrong=$(echo "$modes" | grep -v " $octal\$")
	[ -z "$wrong" ] || { echo "not $octal: $wrong"; return 1; }
}

permissions() {
	mode 444 verdict reason generation waivers launcher policy_error policy_digest \
		references_digest references_serial pinned_by &&
		mode 400 event_log evidence &&
		mode 600 policy references &&
		mode 200 commit reverify settle
}

# One value a file: one line at most, and it ends with a newline; or nothing. Without a process for
# each of so many files.
one_line() {
	for file in "$@"; do
		{
			if IFS= read -r line; then
				if IFS= read -r line || [ -n "$line" ]; then
					echo "$file holds more than a line"
					return 1
				fi
			elif [ -n "$line" ]; then
				echo "$file does not end with a newline"
				return 1
			fi
		} < "$file" || return 1
	done
}

# all_match EXTENDED-REGULAR-EXPRESSION FILE...: each has a line, and no line is another.
all_match() {
	wrong=$(
		grep -EvxH "$@" 2>&1
		shift
		grep -L . "$@"
	)
	[ -z "$wrong" ] || { echo "unexpected: $wrong"; return 1; }
}

check_words() {
	wrong=$(find "$LG/checks" -mindepth 1 | sed 's/.*\///' | grep -Evx '[A-Z]{3,4}-[0-9]{2}')
	[ -z "$wrong" ] || { echo "no check's name: $wrong"; return 1; }
	all_match 'pass|fail|unknown|n/a' "$LG"/checks/*
}

# The checks that this version promises.
check_names() {
	wanted="KRN-01 KRN-03 MAP-01 MAP-02 ACM-05 ACM-06 TPM-10 TPM-15"
	for number in 01 02 03 04 05 06 07 08 09 10 11 12 13; do wanted="$wanted TXT-$number"; done
	for number in 01 02 03 04 05 06 07 08; do wanted="$wanted HEAP-$number"; done
	for number in 01 02 03 04 05 06 07 08 09; do wanted="$wanted TPM-$number"; done
	for id in $wanted; do
		[ -f "$LG/checks/$id" ] || { echo "no $id"; return 1; }
	done
}

register_values() {
	[ -n "$(ls "$LG/registers")" ] || { echo "no registers"; return 1; }
	all_match '0x[0-9a-f]+|[0-9a-f]{64}|unknown' "$LG"/registers/*
}

register_names() {
	for name in STS ESTS ERRORCODE SPAD VER.FSBIF DIDVID VER.QPIIF SINIT.BASE SINIT.SIZE \
		HEAP.BASE HEAP.SIZE DPR E2STS PUBLIC.KEY; do
		[ -f "$LG/registers/TXT.$name" ] || { echo "no TXT.$name"; return 1; }
	done
}

measurement_values() {
	for file in "$LG"/measurements/*; do
		# What there is no value for cannot be read, so that two missing ones never look equal.
		if value=$(cat "$file" 2>&1); then
			matches "$value" '[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128}' ||
				{ echo "in $file"; return 1; }
		else
			matches "$value" '.*No data available.*' || return 1
		fi
	done
}

# Its size and the SHA-256 at its end are in it (Documentation/evidence-format.rst).
evidence_whole() {
	copy=$(mktemp) || return 1
	cat "$LG/evidence" > "$copy"
	size=$(wc -c < "$copy")
	digest=$(tail -c 32 "$copy" | od -An -v -tx1 | tr -d ' \n')
	computed=$(head -c "$((size - 32))" "$copy" | sha256sum | cut -d ' ' -f 1)
	start=$(head -c 6 "$copy")
	said=$(head -c 20 "$copy" | tail -c 4 | od -An -v -tx1 |
		sed 's/ *\(..\) \(..\) \(..\) \(..\).*/\4\3\2\1/')
	rm -f "$copy"
	same "$start" LGEVID && same "$((0x$said))" "$size" && same "$digest" "$computed"
}

# What a user other than root must not see or do.
secret() {
	for file in event_log evidence policy references commit reverify settle; do
		same "$file $(stat -c %u "$LG/$file")" "$file 0" || return 1
	done
}

write_only() {
	for file in commit reverify settle; do
		if cat "$LG/$file" > /dev/null 2>&1; then echo "$file can be read"; return 1; fi
	done
}

rejects() {
	before=$(cat "$LG/generation")
	if echo "not a digest" 2> /dev/null > "$LG/commit"; then echo "commit took nonsense"; return 1; fi
	same "$(cat "$LG/generation")" "$before"
}

debug_tables() {
	for name in checks heap event_log; do
		[ -n "$(cat "$LG_DEBUG/$name")" ] || { echo "$name is empty or missing"; return 1; }
	done
}

# What the guard counts, against the kernel's own list of groups.
guarded() {
	same "$(cat "$LG/dma/groups")" "$(find /sys/kernel/iommu_groups -mindepth 1 -maxdepth 1 | wc -l)" ||
		return 1
	for file in blocked confined exposed; do
		matches "$(cat "$LG/dma/$file")" '[0-9]+' || return 1
	done
	# The list ends at 220 devices.
	[ "$(cat "$LG/dma/exposed")" -gt 220 ] ||
		same "$(cat "$LG/dma/exposed")" "$(wc -l < "$LG/dma/exposed_devices")"
}

check "files have their permissions" permissions
check "verdict is one of its words" one_of "$(cat "$LG/verdict")" "$VERDICTS"
check "launcher is one of its words" one_of "$(cat "$LG/launcher")" "tboot secure-launch unknown none"
check "generation is a number" matches "$(cat "$LG/generation")" '[0-9]+'
check "one value a file" one_line "$LG/verdict" "$LG/reason" "$LG/generation" "$LG/launcher" \
	"$LG/waivers" "$LG/pinned_by" "$LG/policy_error" "$LG/policy_digest" "$LG/references_digest" \
	"$LG/references_serial" \
	"$LG"/checks/* "$LG"/registers/*
check "every check has a file" check_names
check "checks hold their words" check_words
check "registers are named" register_names
check "registers hold hexadecimal values" register_values
check "measurements hold digests" measurement_values
check "the guard counts groups and exposed devices" guarded
check "evidence is whole" evidence_whole
check "log and controls belong to root" secret
check "commit, reverify and settle cannot be read" write_only
check "commit refuses what is no digest" rejects
if [ -d /sys/kernel/debug/tracing ] || [ -n "$(ls /sys/kernel/debug 2> /dev/null)" ]; then
	check "debugfs has its tables" debug_tables
else
	skip "debugfs has its tables" "debugfs is not mounted"
fi
ktap_end
