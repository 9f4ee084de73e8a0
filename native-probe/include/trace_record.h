/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What trace.bpf.c and trace.c tell each other. Only within one program: what is kept of a trace is the JSON that trace.c
 * makes of it.
 */
#ifndef POUNCE_TRACE_RECORD_H
#define POUNCE_TRACE_RECORD_H

#include <linux/types.h>

#define TRACE_CALLS      512 /* numbers of system calls; what is beyond has no name and no text */
#define TRACE_CONTAINERS 32
#define TRACE_PENDING    16384 /* threads whose call has begun */

#define TRACE_TEXT_MAX    4096 /* PATH_MAX, with the zero */
#define TRACE_ADDRESS_MAX 128  /* struct sockaddr_storage */
#define TRACE_GROUP_MAX   192
#define TRACE_UNREADABLE  0xffff /* for a length: the caller's memory could not be read */

enum trace_text_kind {
	TRACE_TEXT_NONE = 0,
	TRACE_TEXT_STRING,
	TRACE_TEXT_ADDRESS,	/* of a socket; its length is the next argument */
	TRACE_TEXT_ADDRESS_OUT, /* the next argument points to its length; given back by the call */
};

/* Which arguments of a call point to something worth reading. */
struct trace_shape {
	__u8 kind[2];
	__u8 argument[2];
};

/* A control group, in the hierarchy that was chosen. */
struct trace_target {
	__u64 id;
	__u32 level;
	__u32 reserved;
};

enum trace_flag {
	TRACE_COMPAT = 1 << 0, /* of the 32-bit kind, with numbers of its own */
	TRACE_ENDED = 1 << 1,  /* the thread ended in it, so there is no result */
	TRACE_EXEC = 1 << 2,   /* a program was begun: the texts are its path and its arguments */
};

struct trace_call {
	__u64 begun_ns; /* since boot; 0 when it began before the recording, or was not seen to begin */
	__u64 arguments[6];
	__u32 number;
	__u16 flags;
	__u16 container; /* index of the target */
};

/* The texts stand right behind it. */
struct trace_record {
	struct trace_call call;
	__u64 at_ns; /* since boot */
	__s64 result;
	__u32 pid, tid; /* in the namespace of the probe */
	__u32 pid_inside;
	char comm[16];
	__u16 lengths[3]; /* of the texts: two of the call, and the control group's name for a whole node */
	__u16 reserved[3];
};

/* A call that has begun. */
struct trace_pending {
	struct trace_call call;
	__u32 pid, tid, pid_inside;
	char comm[16];
	__u32 told; /* by another hook than the one at its return */
};

#endif
