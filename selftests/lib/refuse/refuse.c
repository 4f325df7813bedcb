// SPDX-License-Identifier: GPL-2.0
/*
 * Calls of the IOMMU API that are refused when launchguard makes them, and steps
 * that wait in the middle. For test machines, and never unloaded: a call may be
 * in it.
 *
 * What rust/sys/iommu.c calls and what can fail is replaced here, the way that
 * livepatch replaces functions: ftrace continues at another address. (With ftrace
 * a handler cannot return in the function's place, because the stack pointer is
 * not its to change, and Debian's kernels lack CONFIG_FUNCTION_ERROR_INJECTION.)
 * Everybody else's calls go on to the function, and so do ours: the address that
 * a call returns to says who called. Load it before launchguard, whose text is
 * known from the notification of its loading.
 *
 * Orders are written to /sys/module/refuse/parameters/order:
 *
 *   FUNCTION FIRST COUNT VALUE
 *       COUNT calls, or all with 0, return VALUE instead of doing anything; FIRST
 *       is the first of them, 1 the next one that is made. iommu_unmap() returns
 *       bytes: so many of them are unmapped.
 *   FUNCTION FIRST COUNT held
 *       These calls wait until the order ends, or a minute, and then do what
 *       they always do. Nothing else can be ordered of pci_get_device(), a step
 *       of a walk over all functions, and of device_del(): that is the removal of
 *       a PCI function, whoever wants it, after launchguard was told of it.
 *   none [FUNCTION]
 *       All orders end, or that one.
 *
 * Each function has an order of its own. Read, the file says how many calls
 * launchguard has made since the order, and how many of them fell under it.
 */
#include <linux/device/bus.h>
#include <linux/err.h>
#include <linux/ftrace.h>
#include <linux/iommu.h>
#include <linux/jiffies.h>
#include <linux/kstrtox.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/wait.h>

enum which {
	CLAIM, ALLOC, MAP, ATTACH, UNMAP,
	/* What can be held only. */
	STEP, REMOVAL,
	FUNCTIONS
};

struct order {
	/* 0: there is none. */
	unsigned int first;
	unsigned int count;
	int value;
	bool held;
};

struct function {
	const char *name;
	void *original;
	void *replacement;
	struct ftrace_ops ops;
	struct order order;
	unsigned int orders;
	unsigned int calls;
	unsigned int met;
};

static struct function functions[FUNCTIONS];
static DEFINE_MUTEX(lock);
static DECLARE_WAIT_QUEUE_HEAD(ended);
static const struct module *launchguard;

/* Counts a call; whether it is refused, and with what. */
static bool refused(enum which which, int *value)
{
	struct function *function = &functions[which];
	struct order order;
	unsigned int orders;
	bool meets;

	mutex_lock(&lock);
	order = function->order;
	orders = function->orders;
	function->calls++;
	meets = order.first && function->calls >= order.first &&
		(!order.count || function->calls - order.first < order.count);
	function->met += meets;
	mutex_unlock(&lock);

	if (meets && order.held)
		wait_event_timeout(ended, READ_ONCE(function->orders) != orders,
				   60 * HZ);
	*value = order.value;
	return meets && !order.held;
}

static int claim(struct iommu_group *group, void *owner)
{
	int value;

	if (refused(CLAIM, &value))
		return value;
	return iommu_group_claim_dma_owner(group, owner);
}

static struct iommu_domain *alloc(struct device *dev, unsigned int flags)
{
	int value;

	if (refused(ALLOC, &value))
		return ERR_PTR(value);
	return iommu_paging_domain_alloc_flags(dev, flags);
}

static int map(struct iommu_domain *domain, unsigned long iova,
	       phys_addr_t paddr, size_t size, int prot, gfp_t gfp)
{
	int value;

	if (refused(MAP, &value))
		return value;
	return iommu_map(domain, iova, paddr, size, prot, gfp);
}

static int attach(struct iommu_domain *domain, struct iommu_group *group)
{
	int value;

	if (refused(ATTACH, &value))
		return value;
	return iommu_attach_group(domain, group);
}

static size_t unmap(struct iommu_domain *domain, unsigned long iova,
		    size_t size)
{
	int value;

	if (refused(UNMAP, &value))
		size = min_t(size_t, size, value);
	return size ? iommu_unmap(domain, iova, size) : 0;
}

static struct pci_dev *step(unsigned int vendor, unsigned int device,
			    struct pci_dev *from)
{
	int value;

	refused(STEP, &value);
	return pci_get_device(vendor, device, from);
}

#define FUNCTION(function, with)			\
	{						\
		.name = #function,			\
		.original = function,			\
		.replacement = with,			\
		.ops = {				\
			.func = redirect,		\
			.flags = FTRACE_OPS_FL_IPMODIFY,\
		},					\
	}

static void redirect(unsigned long ip, unsigned long parent_ip,
		     struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct function *function = container_of(ops, struct function, ops);
	const struct module *caller = READ_ONCE(launchguard);

	if (caller && within_module(parent_ip, caller))
		ftrace_regs_set_instruction_pointer(fregs,
						    (unsigned long)function->replacement);
}

static struct function functions[FUNCTIONS] = {
	[CLAIM] = FUNCTION(iommu_group_claim_dma_owner, claim),
	/* What iommu_paging_domain_alloc() is, which is inline. */
	[ALLOC] = FUNCTION(iommu_paging_domain_alloc_flags, alloc),
	[MAP] = FUNCTION(iommu_map, map),
	[ATTACH] = FUNCTION(iommu_attach_group, attach),
	[UNMAP] = FUNCTION(iommu_unmap, unmap),
	[STEP] = FUNCTION(pci_get_device, step),
	/* Nothing is replaced: see pci_event(). */
	[REMOVAL] = { .name = "device_del" },
};

static struct function *find(const char *name)
{
	enum which which;

	for (which = 0; which < FUNCTIONS; which++)
		if (!strcmp(name, functions[which].name))
			return &functions[which];
	return NULL;
}

static void give(struct function *function, struct order order)
{
	function->order = order;
	WRITE_ONCE(function->orders, function->orders + 1);
	wake_up_all(&ended);
}

static int order_set(const char *text, const struct kernel_param *kp)
{
	struct order order = {};
	struct function *function;
	enum which which;
	char name[48], what[16];
	bool one;

	one = sscanf(text, "none %47s", name) == 1;
	if (one || sysfs_streq(text, "none")) {
		function = one ? find(name) : NULL;
		if (one && !function)
			return -EINVAL;
		mutex_lock(&lock);
		for (which = 0; which < FUNCTIONS; which++)
			if (!one || function == &functions[which])
				give(&functions[which], order);
		mutex_unlock(&lock);
		return 0;
	}
	if (sscanf(text, "%47s %u %u %15s", name, &order.first, &order.count,
		   what) != 4)
		return -EINVAL;
	order.held = !strcmp(what, "held");
	if (!order.held && kstrtoint(what, 10, &order.value))
		return -EINVAL;
	function = find(name);
	if (!function || !order.first)
		return -EINVAL;
	if (!order.held && function - functions >= STEP)
		return -EINVAL;

	mutex_lock(&lock);
	give(function, order);
	function->calls = 0;
	function->met = 0;
	mutex_unlock(&lock);
	return 0;
}

static int order_get(char *buffer, const struct kernel_param *kp)
{
	enum which which;
	int at = 0;

	mutex_lock(&lock);
	for (which = 0; which < FUNCTIONS; which++)
		at += sysfs_emit_at(buffer, at, "%s calls %u met %u\n",
				    functions[which].name,
				    functions[which].calls,
				    functions[which].met);
	mutex_unlock(&lock);
	return at;
}

static const struct kernel_param_ops order_ops = {
	.set = order_set,
	.get = order_get,
};
module_param_cb(order, &order_ops, NULL, 0600);
MODULE_PARM_DESC(order, "What is refused: see the head of refuse.c");

static int module_event(struct notifier_block *nb, unsigned long state,
			void *data)
{
	const struct module *module = data;

	if (strcmp(module->name, "launchguard"))
		return NOTIFY_DONE;
	if (state == MODULE_STATE_COMING)
		WRITE_ONCE(launchguard, module);
	else if (state == MODULE_STATE_GOING)
		WRITE_ONCE(launchguard, NULL);
	return NOTIFY_DONE;
}

static struct notifier_block module_nb = {
	.notifier_call = module_event,
};

static int pci_event(struct notifier_block *nb, unsigned long action,
		     void *data)
{
	int value;

	if (action == BUS_NOTIFY_DEL_DEVICE)
		refused(REMOVAL, &value);
	return NOTIFY_DONE;
}

static struct notifier_block pci_nb = {
	.notifier_call = pci_event,
	/* Behind launchguard's. */
	.priority = -2,
};

static void give_back(enum which end)
{
	enum which which;

	for (which = 0; which < end; which++)
		unregister_ftrace_function(&functions[which].ops);
}

static int __init refuse_init(void)
{
	enum which which;
	int ret;

	for (which = 0; which < REMOVAL; which++) {
		struct function *function = &functions[which];

		ret = ftrace_set_filter_ip(&function->ops,
					   (unsigned long)function->original,
					   0, 0);
		if (!ret)
			ret = register_ftrace_function(&function->ops);
		if (ret) {
			pr_err("%s cannot be replaced: %d\n", function->name,
			       ret);
			give_back(which);
			return ret;
		}
	}
	ret = bus_register_notifier(&pci_bus_type, &pci_nb);
	if (ret)
		goto unreplace;
	ret = register_module_notifier(&module_nb);
	if (ret)
		goto unwatch;
	return 0;

unwatch:
	bus_unregister_notifier(&pci_bus_type, &pci_nb);
unreplace:
	give_back(REMOVAL);
	return ret;
}
module_init(refuse_init);

MODULE_DESCRIPTION("Refuses launchguard's calls of the IOMMU API, for tests");
MODULE_LICENSE("GPL");
