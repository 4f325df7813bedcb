// SPDX-License-Identifier: GPL-2.0
/*
 * DMA remapping units, PCI functions and their IOMMU groups.
 */
#include <launchguard/helpers.h>
