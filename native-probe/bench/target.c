// SPDX-License-Identifier: Apache-2.0
/*
 * The program to be killed: its first instructions create the file named by its first argument, then
 * it writes into it, then it goes on for ever. Static and without a C library, because that is the
 * hard case: a dynamic program needs 0.7 ms before its main function, which any killer can use.
 */
#if !defined(__x86_64__)
#error "the entry below is written for x86-64"
#endif

enum { SYS_WRITE = 1, SYS_GETPPID = 110, SYS_OPENAT = 257 };

#define AT_FDCWD         (-100L)
#define O_WRONLY_O_CREAT 0101L

static long call(long number, long first, long second, long third, long fourth)
{
	register long r10 __asm__("r10") = fourth;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(first), "S"(second), "d"(third), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
}

__attribute__((used)) void begin(long *stack)
{
	long fd = call(SYS_OPENAT, AT_FDCWD, stack[2], O_WRONLY_O_CREAT, 0600);

	call(SYS_WRITE, fd, (long)"done", 4, 0);
	for (;;)
		call(SYS_GETPPID, 0, 0, 0, 0);
}

__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall begin\n");
