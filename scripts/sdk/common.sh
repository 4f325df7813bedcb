# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Shared by the SDK scripts: places, messages, and a way to run slow steps.
# Sourced; expects LG_HERE to be the directory of these scripts.

# shellcheck source=scripts/sdk/settings
. "$LG_HERE/settings"

# An ordinary user's PATH may lack where chroot and mount's helpers are.
PATH=$PATH:/usr/sbin:/sbin

LG_TOP=$(cd "$LG_HERE/../.." && pwd -P)

# The cache is resolved, because the same path is used on both sides of the
# toolchain root and a symbolic link would not exist inside.
LG_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/launchguard
mkdir -p "$LG_CACHE/log"
LG_CACHE=$(cd "$LG_CACHE" && pwd -P)
export LG_TOP LG_CACHE

say() { printf 'sdk: %s\n' "$*" >&2; }
note() { printf 'sdk: notice: %s\n' "$*" >&2; }
die() {
	printf 'sdk: error: %s\n' "$1" >&2
	shift
	[ $# -eq 0 ] || printf 'sdk:        %s\n' "$@" >&2
	exit 1
}

# step TITLE LOG COMMAND...: run a slow command with its output in LOG, a line
# of progress every ten seconds, and the end of LOG when it fails. The command
# has a process group of its own, so that an interruption ends all of it.
step() {
	local title=$1 log=$2 began=$SECONDS pid rc=0 tick=0
	shift 2
	say "$title"
	mkdir -p "${log%/*}"
	set -m
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	set +m
	# shellcheck disable=SC2064 # this pid, now
	trap "kill -TERM -- -$pid 2>/dev/null; wait $pid 2>/dev/null || :; say interrupted; exit 130" INT TERM HUP
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.5
		tick=$((tick + 1))
		[ $((tick % 20)) -ne 0 ] ||
			printf 'sdk:   %4d s  %s\n' $((SECONDS - began)) \
				"$(tr '\r' '\n' <"$log" | grep -v '^[[:space:]]*$' |
					tail -n 1 | cut -c1-100)" >&2
	done
	wait "$pid" || rc=$?
	trap - INT TERM HUP
	if [ "$rc" -ne 0 ]; then
		tail -n 25 "$log" | sed 's/^/sdk:   | /' >&2
		say "failed after $((SECONDS - began)) s; whole log: $log"
	fi
	return "$rc"
}

# A root is for one kind of work: "root" is the toolchain's, "packaging" builds the
# packages, "machine" is a Debian system that they are installed in.
# root_list KIND: its packages, as scripts/sdk/packages describes them
root_list() {
	case $1 in
	root) cat "$LG_HERE/packages" ;;
	packaging) cat "$LG_TOP/packaging/packages" ;;
	machine) "$LG_TOP/selftests/packages/packages" ;;
	*) die "there is no root for '$1': root, packaging, machine" ;;
	esac
}

# A root's name holds a hash of all that it is made from, so a changed
# package list makes a new root and never a half-updated one.
root_key() {
	{
		root_list "$1" | grep -v '^[[:space:]]*\(#\|$\)'
		printf '%s\n' "$LG_SUITE" "$LG_BACKPORTS" "$LG_ARCH" "$LG_ROOT_FORMAT"
	} | sha256sum | cut -c1-12
}
root_dir() { printf '%s/%s-%s\n' "$LG_CACHE" "$1" "$(root_key "$1")"; }

# remove DIRECTORY...: a directory of the cache, unless something is mounted
# below it: a forgotten mount would hand the host's own files to rm.
remove() {
	local dir
	for dir; do
		case $dir in
		"$LG_CACHE"/?*) ;;
		*) die "not in the cache, so not removed: $dir" ;;
		esac
		# The mount table writes a blank as \040.
		if awk -v d="$dir" '{ gsub(/\\040/, " ", $5); if ($5 == d || index($5, d "/") == 1) f = 1 }
			END { exit !f }' /proc/self/mountinfo; then
			die "something is mounted below $dir, so it is not removed" \
				"unmount it first (see: findmnt)"
		fi
		rm -rf --one-file-system "$dir"
	done
}

# The package of the kernel's source of release $1.
source_of() { printf 'linux-source-%s\n' "$(printf '%s' "$1" | cut -d. -f1,2)"; }

# fetch PACKAGE VERSION: the package file, into the current directory
fetch() {
	ls "$1"_*.deb >/dev/null 2>&1 ||
		step "download $1 $2" "$LG_CACHE/log/download-$1.log" apt-get -q download "$1=$2" ||
		die "cannot download $1 $2 from $LG_BACKPORTS"
}

# unpack_source PACKAGE-FILE DIRECTORY [TAR-OPTION...]: the kernel's source,
# without what is of no use here. The drivers' C files are four fifths of it.
unpack_source() {
	local deb=$1 dest=$2 tmp=$2.partial
	shift 2
	remove "$tmp"
	mkdir -p "$tmp"
	dpkg-deb --fsys-tarfile "$deb" | tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
		xz -dc -T0 | tar -x -C "$tmp" --strip-components=1 --no-same-owner --wildcards \
		--exclude='*/Documentation/*/*' --exclude='*/sound/*.c' \
		--exclude='*/arch/[!x]*/*.[cS]' --exclude='*/tools/perf' "$@" || return 1
	mv "$tmp" "$dest"
}
