// SPDX-License-Identifier: GPL-2.0
/*
 * The host bridge, the memory map and ACPI tables.
 */
#include <launchguard/helpers.h>
