# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# What a function reaches, by the kernel's own account and by the module's. Sourced.
#
# Both say it in lines "IOVA SIZE r|rw PHYSICAL", in order, ranges that continue each other joined:
# the kernel's account has a line for each page.

joined() {
	sort -n | awk '
		n && $1 == iova + size && $3 == access && $4 == base + size { size += $2; next }
		{ if (n++) show(); iova = $1; size = $2; access = $3; base = $4 }
		function show() { printf "%.0f %.0f %s %.0f\n", iova, size, access, base }
		END { if (n) show() }' |
		while read -r iova size access base; do
			# Not by awk, whose %x ends at 31 bits here.
			printf '0x%x 0x%x %s 0x%x\n' "$iova" "$size" "$access" "$base"
		done
}

# by_kernel ADDRESS: from the page tables. A line names the entries from the top down to the page:
# its size goes by how many there are.
by_kernel() {
	grep '^0x' "/sys/kernel/debug/iommu/intel/$1/domain_translation_struct" | while read -r page _ entries; do
		# shellcheck disable=SC2086 # a list of words
		set -- $entries
		case $# in
		3) size=0x40000000 leaf=$3 ;;
		4) size=0x200000 leaf=$4 ;;
		5) size=0x1000 leaf=$5 ;;
		*) exit 1 ;;
		esac
		case $((leaf & 3)) in
		1) access=r ;;
		3) access=rw ;;
		*) access=odd ;;
		esac
		echo "$((page << 12)) $((size)) $access $((leaf & 0xffffffffff000 & ~(size - 1)))"
	done | joined
}

# by_module ADDRESS: from the table of windows.
by_module() {
	sed -n "/^group [0-9]* $1 /,/^group/ s/^  \(0x.*\)/\1/p" /sys/kernel/debug/launchguard/windows |
		while read -r iova _ size access _ base; do
			echo "$((iova)) $((size)) $access $((base))"
		done | joined
}

# entries ADDRESS: its lines in the table of all context entries, or of PASID entries.
entries() {
	grep -c "^${1#*:}[[:space:]]" /sys/kernel/debug/iommu/intel/dmar_translation_struct
}

# expect_agreement ADDRESS: ends the script when they differ.
expect_agreement() {
	by_kernel "$1" > /tmp/by_kernel
	by_module "$1" > /tmp/by_module
	cmp -s /tmp/by_kernel /tmp/by_module || {
		echo "$1, by the kernel and by the module:"
		diff /tmp/by_kernel /tmp/by_module
		exit 1
	}
}
