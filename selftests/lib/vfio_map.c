// SPDX-License-Identifier: GPL-2.0
/*
 * What VFIO takes to give a program's memory to a device, which is pinned page
 * by page meanwhile, and to take it back:
 *
 *   vfio_map GROUP SIZE STRIDE COUNT OFFSET
 *
 * COUNT ranges of SIZE bytes, STRIDE bytes apart in memory and in device
 * addresses, OFFSET bytes behind a boundary of 1 GiB in memory. Prints "map NS
 * unmap NS". The memory has been touched before.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define GIB 0x40000000ull

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int fails(const char *step)
{
	fprintf(stderr, "%s: %s\n", step, strerror(errno));
	return 1;
}

static int container_with(const char *group_name)
{
	char path[64];
	int container = open("/dev/vfio/vfio", O_RDWR);
	int group;

	snprintf(path, sizeof(path), "/dev/vfio/%s", group_name);
	group = open(path, O_RDWR);
	if (container < 0 || group < 0 ||
	    ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU))
		return -1;
	return container;
}

int main(int argc, char **argv)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
	};
	struct vfio_iommu_type1_dma_unmap unmap = { .argsz = sizeof(unmap) };
	unsigned long long size, stride, count, offset, whole, index;
	long long begin, mapped;
	char *memory, *start;
	int container;

	if (argc != 6)
		return 2;
	size = strtoull(argv[2], NULL, 0);
	stride = strtoull(argv[3], NULL, 0);
	count = strtoull(argv[4], NULL, 0);
	offset = strtoull(argv[5], NULL, 0);
	container = container_with(argv[1]);
	if (container < 0)
		return fails("container");
	whole = offset + stride * count;
	memory = mmap(NULL, whole + GIB, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return fails("memory");
	start = (char *)(((uintptr_t)memory + GIB - 1) & ~(GIB - 1)) + offset;
	for (index = 0; index < count; index++)
		memset(start + index * stride, 1, size);

	begin = now();
	for (index = 0; index < count; index++) {
		map.vaddr = (uintptr_t)start + index * stride;
		map.iova = index * stride;
		map.size = size;
		if (ioctl(container, VFIO_IOMMU_MAP_DMA, &map))
			return fails("map");
	}
	mapped = now();
	for (index = 0; index < count; index++) {
		unmap.iova = index * stride;
		unmap.size = size;
		if (ioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap) || unmap.size != size)
			return fails("unmap");
	}
	printf("map %lld unmap %lld\n", mapped - begin, now() - mapped);
	return 0;
}
