# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034 # the scripts read them
# What the scripts beside this folder share. Sourced.

LG=/sys/devices/faux/launchguard
LG_DEBUG=/sys/kernel/debug/launchguard
VERDICTS="pending verified unpinned failed unknown absent"
# Register names follow the SDG; a directory entry each.
DRTM_PCRS="17 18"

need_root() {
	[ "$(id -u)" -eq 0 ] || ktap_skip_all "needs root"
}

need_module() {
	[ -d "$LG" ] || ktap_skip_all "launchguard is not loaded"
}

need_tool() {
	command -v "$1" > /dev/null || ktap_skip_all "$1 is not installed (package $2)"
}

need_launch() {
	[ "$(cat "$LG/launcher")" != none ] || ktap_skip_all "this kernel was not launched by Intel TXT"
}

# What only an emulated machine may be put through: LAUNCHGUARD_MODULE is the path of the module
# to load and unload again and again.
need_spare_machine() {
	[ -n "${LAUNCHGUARD_MODULE:-}" ] ||
		ktap_skip_all "unloads the module: set LAUNCHGUARD_MODULE=/path/to/launchguard.ko to allow it"
	[ -f "$LAUNCHGUARD_MODULE" ] || ktap_skip_all "there is no $LAUNCHGUARD_MODULE"
}

# one_of WORD LIST
one_of() {
	case " $2 " in
	*" $1 "*) ;;
	*) echo "$1 is none of: $2"; return 1 ;;
	esac
}

# matches TEXT EXTENDED-REGULAR-EXPRESSION, the whole text
matches() {
	[ "$(printf '%s\n' "$1" | grep -Ecx "$2")" -eq 1 ] || { echo "'$1' does not match $2"; return 1; }
}

# same A B
same() {
	[ "$1" = "$2" ] || { echo "'$1' is not '$2'"; return 1; }
}

# tpm_pcr BANK NUMBER: the value that the TPM gives to tpm2_pcrread, in lower-case hex
tpm_pcr() {
	tpm2_pcrread "$1:$2" 2> /dev/null | sed -n 's/^ *'"$2"' *: *0x//p' | tr 'A-F' 'a-f'
}

# settled: waits until the verdict is not pending any more
settled() {
	tries=150
	while [ "$(cat "$LG/verdict")" = pending ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { echo "still pending"; return 1; }
		sleep 0.2
	done
}
