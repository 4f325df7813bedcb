#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The registers that launchguard shows are those that tboot's txt-stat reads through /dev/mem.
cd "$(dirname "$0")" || exit 1
. lib/ktap.sh
. lib/launchguard.sh

need_root
need_module
need_tool txt-stat tboot
report=$(mktemp) || exit 1
trap 'rm -f "$report"' EXIT
txt-stat > "$report" 2> /dev/null
grep -q 'STS:' "$report" || ktap_skip_all "txt-stat cannot read the registers (boot with iomem=relaxed)"

# txt_stat NAME: the first number of a line of txt-stat, without leading zeroes
txt_stat() {
	line=$(sed -n "s/^[[:space:]]*$1: *//p" "$report" | head -n 1)
	case $line in
	*'(0x'*) line=${line##*(} line=${line%%)*} ;;
	esac
	printf '0x%x' "${line%% *}"
}

# ours NAME: the same of ours; the address registers and states carry 32 bits in txt-stat
ours() {
	value=$(cat "$LG/registers/TXT.$1")
	printf '0x%x' "$value"
}

low() {
	printf '0x%x' $(($1 & 0xffffffff))
}

key() {
	sed -n '/PUBLIC.KEY:/,/^[^ \t]/p' "$report" | sed -n 's/^[[:space:]]*\([0-9a-f][0-9a-f] .*\)$/\1/p' |
		head -n 2 | tr -d ' \n\t'
}

ktap_plan 12
check "STS" same "$(low "$(ours STS)")" "$(txt_stat STS)"
check "ESTS" same "$(ours ESTS)" "$(txt_stat ESTS)"
check "ERRORCODE" same "$(low "$(ours ERRORCODE)")" "$(txt_stat ERRORCODE)"
check "E2STS" same "$(ours E2STS)" "$(txt_stat E2STS)"
check "DIDVID" same "$(ours DIDVID)" "$(txt_stat DIDVID)"
check "VER.FSBIF" same "$(ours VER.FSBIF)" "$(txt_stat FSBIF)"
check "SINIT.BASE" same "$(low "$(ours SINIT.BASE)")" "$(txt_stat SINIT.BASE)"
check "SINIT.SIZE" same "$(low "$(ours SINIT.SIZE)")" "$(txt_stat SINIT.SIZE)"
check "HEAP.BASE" same "$(low "$(ours HEAP.BASE)")" "$(txt_stat HEAP.BASE)"
check "HEAP.SIZE" same "$(low "$(ours HEAP.SIZE)")" "$(txt_stat HEAP.SIZE)"
check "DPR" same "$(ours DPR)" "$(txt_stat DPR)"
check "PUBLIC.KEY" same "$(sed 's/^0x//' "$LG/registers/TXT.PUBLIC.KEY")" "$(key)"
ktap_end
