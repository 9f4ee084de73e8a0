// SPDX-License-Identifier: Apache-2.0
/*
 * A 64-bit program that opens a file with the 32-bit system call: number 5, which means fstat to
 * whoever forgets to look. Where the kernel has no 32-bit calls there is nothing to report.
 */
#include <sys/mman.h>
#include "actor.h"

int main(int argc, char **argv)
{
	/* The 32-bit call can only reach the lowest four gigabytes. */
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	int result = -ENOSYS;

	if (low == MAP_FAILED)
		err(1, "mmap");
	snprintf(low, 4096, "%s/watched-file", work_directory(argc, argv));
	close(open(low, O_CREAT | O_WRONLY, 0600));
#ifdef __x86_64__
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(5), "b"((unsigned)(unsigned long)low), "c"(O_RDWR), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
#endif
	if (result >= 0)
		printf("open\t\"tgid\":%d,\t\"syscall\":2,\t\"name\":\"%s\"\t\"path\":\"%"
		       "s\"\t\"openFlags\":2,\n",
		       getpid(), low, low);
	return 0;
}
