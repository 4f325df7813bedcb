# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Shared by the checks: which files there are, and how a finding is told.
# Each check prints "FILE:LINE: what is wrong" and exits 1 when it found any.
set -uo pipefail
cd "${BASH_SOURCE[0]%/*}/../.." || exit 2

# files PATTERN...: files of the checkout, tracked or new, not ignored; patterns
# are git's. The checkout may belong to another user than the one in here.
files() {
	git -c safe.directory="$PWD" ls-files -z --cached --others --exclude-standard -- "$@" |
		while IFS= read -r -d '' file; do
			[ ! -f "$file" ] || [ -L "$file" ] || printf '%s\n' "$file"
		done | sort -u
}

# code FILE: its text with line comments blanked, line numbers kept.
code() { sed -e 's://.*$::' "$1"; }

# refuse REGEX WHY FILE...: no code of these files may match.
refuse() {
	local regex=$1 why=$2 file found=0
	shift 2
	for file; do
		while IFS=: read -r line text; do
			text=${text#"${text%%[![:space:]]*}"}
			printf '%s:%s: %s: %.80s\n' "$file" "$line" "$why" "$text"
			found=1
		done < <(code "$file" | grep -nP -- "$regex")
	done
	return $found
}

sdks() { scripts/sdk/sdk list; }
newest_sdk() { sdks | head -n 1; }
