/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Canonical paths. bpf_d_path is refused to tracepoints, so the walk from a dentry up through its
 * parents and mounts is done by hand. It starts at the file that the kernel opened, not at the string
 * that the caller passed: no symbolic link, `..` or relative name can disguise it, and no other
 * thread can change it in between.
 *
 * Runs under RCU: dentries and mounts stay readable while we look, but a rename meanwhile may give a
 * path that mixes old and new parents, as d_path without its sequence lock would.
 */
#ifndef POUNCE_PATH_BPF_H
#define POUNCE_PATH_BPF_H

#include "probe.bpf.h"

/*
 * Steps of a walk: components plus mount crossings. The deepest path of a Debian with compilers and
 * container layers has 19 components. What is deeper comes with the flag PATH_CUT, and counts as
 * matching the filter: who cannot find out, reports.
 */
#define WALK_MAX 48

struct walk {
	struct dentry *dentry;
	struct vfsmount *mount;
	struct dentry *mount_root;
	struct dentry *root_dentry;
	struct vfsmount *root_mount;
};

static __always_inline struct dentry *as_dentry(const void *pointer)
{
	if (direct_walk)
		return bpf_rdonly_cast(pointer, bpf_core_type_id_kernel(struct dentry));
	return (struct dentry *)pointer;
}

static __always_inline struct vfsmount *as_mount(const void *pointer)
{
	if (direct_walk)
		return bpf_rdonly_cast(pointer, bpf_core_type_id_kernel(struct vfsmount));
	return (struct vfsmount *)pointer;
}

static __always_inline struct file *as_file(const void *pointer)
{
	if (direct_walk)
		return bpf_rdonly_cast(pointer, bpf_core_type_id_kernel(struct file));
	return (struct file *)pointer;
}

/* The file behind a descriptor of the current process; NULL when another thread was quicker. */
static __always_inline struct file *task__file(struct task_struct *task, __u32 fd)
{
	struct fdtable *table = task->files->fdt;
	struct file **files = table->fd;
	struct file *file = NULL;

	if (fd >= table->max_fds)
		return NULL;
	if (direct_walk) {
		/* Any struct of one pointer will do to read one pointer without a helper. */
		struct hlist_head *slot =
			bpf_rdonly_cast(files + fd, bpf_core_type_id_kernel(struct hlist_head));

		file = (struct file *)slot->first;
	} else {
		bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	}
	return file ? as_file(file) : NULL;
}

static __always_inline struct dentry *mount__root(struct vfsmount *mount)
{
	return direct_walk ? mount->mnt_root : BPF_CORE_READ(mount, mnt_root);
}

static __always_inline void walk__start(struct walk *walk, __u64 mount, __u64 dentry)
{
	struct task_struct *task = as_task(bpf_get_current_task_btf());

	walk->dentry = as_dentry((void *)dentry);
	walk->mount = as_mount((void *)mount);
	walk->mount_root = mount__root(walk->mount);
	walk->root_dentry = task->fs->root.dentry;
	walk->root_mount = task->fs->root.mnt;
}

static __always_inline bool walk__at_root(const struct walk *walk)
{
	return walk->dentry == walk->root_dentry && walk->mount == walk->root_mount;
}

/* From the root of a mount to where it is mounted. False: it is mounted nowhere. */
static __always_inline bool walk__cross(struct walk *walk)
{
	struct mount *mount = (void *)walk->mount - bpf_core_field_offset(struct mount, mnt);
	struct mount *parent = BPF_CORE_READ(mount, mnt_parent);

	if (!parent || parent == mount)
		return false;
	walk->dentry = as_dentry(BPF_CORE_READ(mount, mnt_mountpoint));
	walk->mount = as_mount((void *)parent + bpf_core_field_offset(struct mount, mnt));
	walk->mount_root = mount__root(walk->mount);
	return true;
}

static __always_inline struct dentry *dentry__parent(struct dentry *dentry)
{
	return direct_walk ? dentry->d_parent : BPF_CORE_READ(dentry, d_parent);
}

static __always_inline __u32 dentry__name_length(struct dentry *dentry)
{
	return direct_walk ? dentry->d_name.len : BPF_CORE_READ(dentry, d_name.len);
}

static __always_inline const unsigned char *dentry__name(struct dentry *dentry)
{
	return direct_walk ? dentry->d_name.name : BPF_CORE_READ(dentry, d_name.name);
}

/* The first sixteen bytes of the name, without what stands behind its end. */
static __always_inline void dentry__name_start(struct dentry *dentry, __u32 length,
					       __u64 *ret_first, __u64 *ret_second)
{
	__u64 words[2] = {};

	if (direct_walk && bpf_core_field_exists(dentry->d_shortname) &&
	    dentry->d_name.name ==
		    (void *)dentry + bpf_core_field_offset(struct dentry, d_shortname)) {
		words[0] = dentry->d_shortname.words[0];
		words[1] = dentry->d_shortname.words[1];
	} else {
		/*
		 * Sixteen bytes whatever the length: short names lie inside the dentry, long ones have
		 * more bytes than that. A fault leaves zeroes: no match in the bloom filter for a name
		 * that cannot be read, and d_name is never unreadable for a dentry that is in use.
		 */
		bpf_probe_read_kernel(words, sizeof(words), dentry__name(dentry));
	}
	*ret_first = words[0] & filter__mask(length);
	*ret_second = length > 8 ? words[1] & filter__mask(length - 8) : 0;
}

/*
 * Reads the name's length itself: handed over, the verifier would have to follow every length that
 * the caller's branches distinguish.
 */
static __noinline bool filter__has_name(struct scratch *scratch, __u32 slot, struct dentry *dentry)
{
	struct filter_name *key = &scratch->name;
	__u64 size = dentry__name_length(dentry) & NAME_MASK;

	__builtin_memset(key, 0, sizeof(*key));
	key->slot = slot;
	key->length = size;
	bpf_probe_read_kernel(key->name, size, dentry__name(dentry));
	return bpf_map_lookup_elem(&filter_names, key) != NULL;
}

/*
 * The two walks below are global functions: the verifier looks at each once, whatever their callers
 * know, instead of at every call. In exchange it knows nothing of their arguments but the declared
 * types, so pointers of the kernel come in as numbers; as_dentry and as_mount make them pointers again.
 */

/*
 * Is one component of the path in the filter? This runs for every successful open of the machine,
 * nearly always with the answer no: it makes no helper call unless it crosses a mount or a
 * component's bloom bit is set.
 */
__noinline int filter__wants_path(struct scratch *scratch, __u32 slot, __u64 mount, __u64 dentry)
{
	const struct filter_slot *filter = &filters[slot & 1];
	struct walk walk;
	int i;

	if (!scratch) /* cannot be, but the verifier asks */
		return true;
	walk__start(&walk, mount, dentry);
	for (i = 0; i < WALK_MAX; i++) {
		struct dentry *parent;
		__u64 first, second;
		__u32 length, bit;

		if (walk.dentry == walk.mount_root) {
			if (walk__at_root(&walk) || !walk__cross(&walk))
				return false;
			continue;
		}
		/* A process in a chroot has its root inside a mount. */
		if (walk__at_root(&walk))
			return false;
		length = dentry__name_length(walk.dentry);
		dentry__name_start(walk.dentry, length, &first, &second);
		bit = scratch__launder(scratch, filter__bloom_bit(first, second, length));
		if ((filter->bloom[(bit >> 6) & (FILTER_BLOOM_WORDS - 1)] >> (bit & 63)) & 1 &&
		    filter__has_name(scratch, slot, walk.dentry))
			return true;
		parent = dentry__parent(walk.dentry);
		if (parent == walk.dentry)
			return false; /* in no directory: a memfd, a pipe */
		walk.dentry = parent;
	}
	return true;
}

/*
 * Appends the path to the frame; its length comes back. Sets scratch->cut, never clears it: then the
 * front of a path is missing and it does not begin with a slash.
 */
__noinline int path__append(struct scratch *scratch, __u64 mount, __u64 dentry)
{
	struct walk walk;
	bool complete = false;
	__u64 position, length;
	int i;

	if (!scratch)
		return 0;
	walk__start(&walk, mount, dentry);
	scratch->path_start = PATH_SPACE;
	for (i = 0; i < WALK_MAX; i++) {
		struct dentry *parent;

		if (walk__at_root(&walk)) {
			complete = true;
			break;
		}
		if (walk.dentry == walk.mount_root) {
			if (!walk__cross(&walk)) {
				complete = true;
				break;
			}
			continue;
		}
		length = scratch__launder(scratch, dentry__name_length(walk.dentry)) & NAME_MASK;
		position = scratch->path_start;
		if (position < length + 2)
			break;
		position -= length + 1;
		scratch->path_start = position;
		asm volatile("" : "+r"(position));
		scratch->path[position & (PATH_SPACE - 1)] = '/';
		position++;
		asm volatile("" : "+r"(position));
		bpf_probe_read_kernel(&scratch->path[position & (PATH_SPACE - 1)], length,
				      dentry__name(walk.dentry));
		/* What is in no directory has only its name: /memfd:name, as in /proc/PID/exe. */
		parent = dentry__parent(walk.dentry);
		if (parent == walk.dentry) {
			complete = true;
			break;
		}
		walk.dentry = parent;
	}
	position = scratch->path_start;
	if (complete && position == PATH_SPACE) {
		*frame__end(scratch) = '/';
		scratch->size++;
		return 1;
	}
	if (!complete) {
		scratch->cut = true;
		position++; /* the slash would claim that this is the whole path */
	}
	length = PATH_SPACE - position;
	asm volatile("" : "+r"(length), "+r"(position));
	length &= PATH_SPACE - 1;
	bpf_probe_read_kernel(frame__end(scratch), length,
			      &scratch->path[position & (PATH_SPACE - 1)]);
	scratch->size += length;
	return length;
}

/* The path of a file, and of a directory that a process holds. */
static __always_inline __u16 path__append_file(struct scratch *scratch, struct file *file)
{
	__u64 mount = scratch__launder(scratch, (__u64)BPF_CORE_READ(file, f_path.mnt));

	return path__append(scratch, mount,
			    scratch__launder(scratch, (__u64)BPF_CORE_READ(file, f_path.dentry)));
}

static __always_inline __u16 path__append_cwd(struct scratch *scratch, struct task_struct *task)
{
	__u64 mount = scratch__launder(scratch, (__u64)task->fs->pwd.mnt);

	return path__append(scratch, mount, scratch__launder(scratch, (__u64)task->fs->pwd.dentry));
}

/*
 * Overlay: is there an upper dentry, that is, was the file written (or its metadata changed) since
 * the container started? struct ovl_inode is often a module's type, and a program that names one is
 * refused where that module is not loaded. But its layout has not changed since 4.13: the pointer
 * stands right behind the embedded struct inode.
 */
static __always_inline bool inode__on_overlay(struct inode *inode, bool *ret_upper)
{
	struct dentry *upper = NULL;

	if (BPF_CORE_READ(inode, i_sb, s_magic) != OVERLAYFS_SUPER_MAGIC)
		return false;
	bpf_probe_read_kernel(&upper, sizeof(upper),
			      (void *)inode + bpf_core_type_size(struct inode));
	*ret_upper = upper != NULL;
	return true;
}

#endif
