#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The PCRs that launchguard read and replayed are those that tpm2_pcrread reads.
cd "$(dirname "$0")" || exit 1
. lib/ktap.sh
. lib/launchguard.sh

need_root
need_module
need_tool tpm2_pcrread tpm2-tools
[ -c /dev/tpmrm0 ] || ktap_skip_all "there is no TPM 2.0"
settled > /dev/null

readable() {
	cat "$LG/measurements/$1" > /dev/null 2>&1
}

# Banks that are not allocated are listed as well, without values.
banks=""
for bank in $(tpm2_pcrread 2> /dev/null | sed -n 's/^ *\(sha[0-9]*\):$/\1/p'); do
	[ -z "$(tpm_pcr "$bank" 17)" ] || banks="$banks $bank"
done
published=""
replayed=""
for bank in $banks; do
	for pcr in $DRTM_PCRS; do
		# A bank that neither log nor policy uses is not read: no value (ENODATA).
		! readable "pcr${pcr}_$bank" || published="$published $bank:$pcr"
		! readable "replay${pcr}_$bank" || replayed="$replayed $bank:$pcr"
	done
done
# shellcheck disable=SC2086 # lists of words
set -- $published $replayed
ktap_plan $(($# + 2))

launched() {
	[ "$(cat "$LG/launcher")" != none ]
}

# A launch is replayed in sha256 at least, or in what the TPM has instead, and every replayed bank
# is read as well.
enough() {
	launched || return 0
	bank=sha256
	case " $banks " in *" sha256 "*) ;; *) bank=${banks##* } ;; esac
	for pcr in $DRTM_PCRS; do
		one_of "$bank:$pcr" "$replayed" || return 1
	done
	for pair in $replayed; do
		one_of "$pair" "$published" || return 1
	done
}

# What a good launch replays must be what the TPM holds.
agree() {
	case $(cat "$LG/verdict") in verified | unpinned) ;; *) return 0 ;; esac
	[ "$(cat "$LG/checks/TPM-04")" = pass ] && [ "$(cat "$LG/checks/TPM-05")" = pass ]
}

for pair in $published; do
	bank=${pair%:*} pcr=${pair#*:}
	check "PCR $pcr in $bank is the TPM's" \
		same "$(cat "$LG/measurements/pcr${pcr}_$bank")" "$(tpm_pcr "$bank" "$pcr")"
done
for pair in $replayed; do
	bank=${pair%:*} pcr=${pair#*:}
	check "the log replays to the TPM's PCR $pcr in $bank" \
		same "$(cat "$LG/measurements/replay${pcr}_$bank")" "$(tpm_pcr "$bank" "$pcr")"
done
check "a launch is replayed" enough
check "a good verdict agrees with the replay" agree
ktap_end
