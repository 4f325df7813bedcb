# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Allocations that fail, in what the module does and nothing else. Sourced.

# failures SETTING VALUE: of both kinds of allocation that can be made to fail.
failures() {
	for point in failslab fail_page_alloc; do
		echo "$2" > "/sys/kernel/debug/$point/$1" || exit 1
	done
}

# of_module: only allocations count with the module among the callers, whatever else the task does.
# Those that may wait are included, which they are not as a rule. What the kernel allocates to give a
# group back is left out: when that fails it warns by itself, whoever called, and the group stays blocked
# (__iommu_group_set_domain_nofail).
of_module() {
	# name, size, users, by whom, state, address
	read -r _ size _ _ _ start _ <<-END
		$(grep '^launchguard ' /proc/modules)
	END
	failures ignore-gfp-wait N
	failures stacktrace-depth 32
	failures require-start "$start"
	failures require-end "$(printf '0x%x' $((start + size)))"
	# shellcheck disable=SC2046 # two words: from the function to the symbol behind it
	set -- $(sort /proc/kallsyms | grep -A 1 ' iommu_group_release_dma_owner$' | cut -d ' ' -f 1)
	failures reject-start "0x$1"
	failures reject-end "0x$2"
	failures verbose 0
	echo 0 > /sys/kernel/debug/fail_page_alloc/min-order
	echo N > /sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
}

# while_all_fail COMMAND...: every allocation fails that counts, also on the module's queues.
while_all_fail() {
	failures times -1
	failures probability 100
	"$@"
	failing=$?
	failures probability 0
	return $failing
}
