/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef POUNCE_READER_KILL_H
#define POUNCE_READER_KILL_H

#include <linux/types.h>

struct exec_event {
	__u64 boottime_ns;
	__u32 tgid;
	__u32 reserved;
	char comm[16];
};

#endif
