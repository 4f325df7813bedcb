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
# Those that may wait are included, which they are not as a rule.
of_module() {
	# name, size, users, by whom, state, address
	read -r _ size _ _ _ start _ <<-END
		$(grep '^launchguard ' /proc/modules)
	END
	failures ignore-gfp-wait N
	failures stacktrace-depth 32
	failures require-start "$start"
	failures require-end "$(printf '0x%x' $((start + size)))"
	failures verbose 0
	echo 0 > /sys/kernel/debug/fail_page_alloc/min-order
	echo N > /sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
}
