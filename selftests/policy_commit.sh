#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A text that is malformed, altered or cut short is refused whole: what is in force stays, the
# judgement stays, and policy_error says where the text is wrong. Nothing here ever succeeds in a
# commit, so the machine is left as it was.
cd "$(dirname "$0")" || exit 1
. lib/ktap.sh
. lib/launchguard.sh

need_root
need_module
settled > /dev/null
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

in_force() {
	cat "$LG/policy_digest" "$LG/references_digest" "$LG/verdict" "$LG/waivers"
	sha256sum < "$LG/policy"
	sha256sum < "$LG/references"
}

# refused FILE DIGEST ERROR: stages $work/text and commits; ERROR is an expression for policy_error
refused() {
	before=$(in_force)
	cat "$work/text" > "$LG/$1" || return 1
	if echo "$2" 2> /dev/null > "$LG/commit"; then echo "the commit was taken"; return 1; fi
	grep -Eq "$3" "$LG/policy_error" ||
		{ echo "policy_error does not match $3: $(cat "$LG/policy_error")"; return 1; }
	same "$(in_force)" "$before"
}

# malformed FILE TEXT ERROR
malformed() {
	printf '%b' "$2" > "$work/text"
	refused "$1" "$(sha256sum < "$work/text" | cut -d ' ' -f 1)" "$3"
}

altered() {
	printf 'version 1\nrequire TPM-04\n' > "$work/text"
	digest=$(sha256sum < "$work/text" | cut -d ' ' -f 1)
	printf 'version 1\nrequire TPM-05\n' > "$work/text"
	refused policy "$digest" .
}

cut_short() {
	printf 'version 1\nrequire TPM-04\n' > "$work/text"
	digest=$(sha256sum < "$work/text" | cut -d ' ' -f 1)
	printf 'version 1\nrequire TPM-0' > "$work/text"
	refused policy "$digest" .
}

# A sysfs write is cut at a page; a text of more than a page must not be taken by halves.
half_of_a_long_text() {
	{
		echo 'version 1'
		awk 'BEGIN { for (i = 0; i < 200; i++) print "# " i " a line that makes the text longer" }'
		echo 'require TPM-04'
	} > "$work/long"
	digest=$(sha256sum < "$work/long" | cut -d ' ' -f 1)
	head -c 4096 "$work/long" > "$work/text"
	refused policy "$digest" .
}

staging_is_not_applying() {
	before=$(in_force)
	printf 'version 1\nrequire TPM-04\n' > "$LG/policy" || return 1
	same "$(in_force)" "$before"
}

bad_digest() {
	printf 'version 1\n' > "$work/text"
	refused policy "$1" .
}

hex=$(printf '%064d' 0)
ktap_plan 13
check "staging alone changes nothing" staging_is_not_applying
check "an unknown statement, by line and column" malformed policy 'version 1\nfrobnicate all\n' 'line 2, column 1'
check "an unknown check" malformed policy 'version 1\n\n  require TXT-99\n' 'line 3, column 11'
check "a waiver without a reason" malformed policy 'version 1\nwaive TXT-06\n' 'line [23]'
check "no version" malformed policy 'require TPM-04\n' 'line 1, column 1'
check "a later version" malformed policy 'version 9\n' 'line 1'
check "references with a digest cut short" malformed references \
	"version 1 references\nlaunch \"x\" { pcr 17 sha256 abcdef pcr 18 sha256 $hex }\n" 'line 2'
check "references with an open brace" malformed references \
	"version 1 references\nlaunch \"x\" { pcr 17 sha256 $hex pcr 18 sha256 $hex\n" 'line [23]'
check "a text altered after its digest was made" altered
check "a text cut short" cut_short
check "half of a long text" half_of_a_long_text
check "no digest" bad_digest 'abc'
check "a digest with a foreign letter" bad_digest "g${hex#0}"
ktap_end
