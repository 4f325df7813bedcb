#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The published event log is one that tpm2_eventlog reads, and the PCRs that it computes from the
# log are those that tpm2_pcrread reads from the TPM.
cd "$(dirname "$0")" || exit 1
. lib/ktap.sh
. lib/launchguard.sh

need_root
need_module
need_tool tpm2_eventlog tpm2-tools
[ -c /dev/tpmrm0 ] || ktap_skip_all "there is no TPM 2.0"
settled > /dev/null
need_launch

copy=$(mktemp) || exit 1
report=$(mktemp) || exit 1
trap 'rm -f "$copy" "$report"' EXIT
cat "$LG/event_log" > "$copy"
[ "$(head -c 48 "$copy" | tail -c 16 | tr -d '\000')" = "Spec ID Event03" ] ||
	ktap_skip_all "the log is not crypto-agile, tpm2_eventlog does not know its form"

readable() {
	tpm2_eventlog "$copy" > "$report"
}

# "BANK PCR VALUE" for every PCR that tpm2_eventlog computed.
computed() {
	sed -n '/^pcrs:/,$p' "$report" | awk '
		/^  [a-z0-9]+:/ { sub(":", "", $1); bank = $1; next }
		/0x/ { sub("0x", "", $NF); print bank, $1, tolower($NF) }'
}

pcrs_match() {
	found=0
	computed > "$copy.pcrs"
	while read -r bank pcr value; do
		case $pcr in 17 | 18) ;; *) continue ;; esac
		# SINIT may log a bank that the TPM has not allocated.
		[ -n "$(tpm_pcr "$bank" "$pcr")" ] || continue
		found=$((found + 1))
		same "$bank $pcr $value" "$bank $pcr $(tpm_pcr "$bank" "$pcr")" || { rm -f "$copy.pcrs"; return 1; }
	done < "$copy.pcrs"
	rm -f "$copy.pcrs"
	[ $found -ge 2 ] || { echo "no PCR 17 and 18 computed"; return 1; }
}

stable() {
	cmp "$copy" "$LG/event_log"
}

ktap_plan 3
check "tpm2_eventlog reads the log" readable
check "the PCRs computed from it are the TPM's" pcrs_match
check "two reads give the same bytes" stable
ktap_end
