// SPDX-License-Identifier: GPL-2.0
/*
 * Opens a device as a program in user space that drives it:
 *
 *   vfio_open GROUP DEVICE
 *
 * Prints "refused: STEP: ERROR", or "open" and keeps it open, with a page mapped
 * at address 0, until /tmp/stop is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static int fails(const char *step)
{
	printf("refused: %s: %s\n", step, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.size = 4096,
	};
	int container, group;
	char path[64];
	void *page;

	if (argc != 3)
		return 2;
	container = open("/dev/vfio/vfio", O_RDWR);
	if (container < 0)
		return fails("container");
	snprintf(path, sizeof(path), "/dev/vfio/%s", argv[1]);
	group = open(path, O_RDWR);
	if (group < 0)
		return fails("group");
	if (ioctl(group, VFIO_GROUP_GET_STATUS, &status))
		return fails("status");
	printf("%sviable\n", status.flags & VFIO_GROUP_FLAGS_VIABLE ? "" : "not ");
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container))
		return fails("set container");
	if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU))
		return fails("set iommu");
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	map.vaddr = (unsigned long)page;
	if (page == MAP_FAILED || ioctl(container, VFIO_IOMMU_MAP_DMA, &map))
		return fails("map");
	if (ioctl(group, VFIO_GROUP_GET_DEVICE_FD, argv[2]) < 0)
		return fails("device");
	printf("open\n");
	fflush(stdout);
	while (access("/tmp/stop", F_OK))
		usleep(100000);
	return 0;
}
