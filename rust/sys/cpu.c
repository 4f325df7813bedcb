// SPDX-License-Identifier: GPL-2.0
/*
 * Processors: CPUID and model specific registers, each read on itself.
 */
#include <launchguard/helpers.h>
