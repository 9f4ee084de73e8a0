// SPDX-License-Identifier: Apache-2.0
/*
 * Opens one file in every way there is: by name, by a symbolic link, by a relative name after chdir,
 * by a directory's descriptor, with creat and with openat2. Whatever the caller said, the path is
 * the file's own. The test's filter names the file `watched-file` and the directory `watched-dir`.
 */
#include <linux/openat2.h>
#include <sys/syscall.h>
#include "actor.h"

static char path[4400];

static void expect(const char *name, const char *more)
{
	printf("open\t\"tgid\":%d,\t\"path\":\"%s\"\t\"name\":\"%s\"\t%s\n", getpid(), path, name,
	       more);
}

int main(int argc, char **argv)
{
	char *directory = realpath(work_directory(argc, argv), NULL);
	struct open_how how = {.flags = O_RDWR};
	char link[4200], name[4096];
	int base;

	if (!directory || chdir(directory) || mkdir("watched-dir", 0755) || mkdir("other", 0755))
		err(1, "%s", argv[1]);
	snprintf(path, sizeof(path), "%s/watched-file", directory);

	syscall(SYS_creat, path, 0640);
	expect(path, "\"syscall\":85,\t\"openFlags\":577\t\"mode\":33184");
	syscall(SYS_open, path, O_RDONLY);
	expect(path, "\"syscall\":2,");
	snprintf(link, sizeof(link), "%s/innocent", directory);
	if (symlink("watched-file", link))
		err(1, "%s", link);
	openat(AT_FDCWD, link, O_RDONLY);
	expect(link, "\"syscall\":257,");
	if (chdir("other"))
		err(1, "chdir");
	open("../watched-file", O_RDONLY);
	expect("../watched-file", "\"dirfd\":-100");
	base = open(directory, O_RDONLY | O_DIRECTORY);
	snprintf(name, sizeof(name), "\"dirfd\":%d,\t\"syscall\":437,\t\"openFlags\":2,", base);
	syscall(SYS_openat2, base, "watched-file", &how, sizeof(how));
	expect("watched-file", name);

	/* A directory of the list makes everything below it of interest. */
	openat(base, "watched-dir/below", O_CREAT | O_WRONLY, 0600);
	snprintf(path, sizeof(path), "%s/watched-dir/below", directory);
	expect("watched-dir/below", "\"ret\":");

	/* Names that only begin or end like one of the list, or that are no longer than its hash sees. */
	close(openat(base, "watched-file2", O_CREAT | O_WRONLY, 0600));
	close(openat(base, "watched-fil", O_CREAT | O_WRONLY, 0600));
	printf("!open\t\"tgid\":%d,\twatched-fil\"\n", getpid());
	printf("!open\t\"tgid\":%d,\twatched-file2\n", getpid());
	/* Longer than what a dentry holds in itself. */
	memset(name, 'n', 200);
	name[200] = '\0';
	openat(base, name, O_CREAT | O_WRONLY, 0600);
	snprintf(path, sizeof(path), "%s/%.200s", directory, name);
	expect(name, "\"ret\":");
	/* Equal in length and in its first sixteen bytes: only the exact look-up knows. */
	name[150] = 'm';
	openat(base, name, O_CREAT | O_WRONLY, 0600);
	printf("!open\t\"tgid\":%d,\tnm\n", getpid());
	/* A failed open has no path; the test's filter asks for all of them. */
	openat(base, "watched-file/impossible", O_RDONLY);
	printf("open\t\"tgid\":%d,\t\"ret\":-20,\t\"path\":\"\"\t\"name\":\"watched-file/"
	       "impossible\"\n",
	       getpid());
	return 0;
}
