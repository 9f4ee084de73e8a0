package dev.pounce.probe;

import java.util.List;

/**
 * One thing that the kernel reported. Mirrors the event structs of {@code
 * native-probe/include/probe_event.h}, where every field is explained; empty strings stand for "unknown".
 */
public sealed interface ProbeEvent extends ProbeFrame {

    /** CLOCK_BOOTTIME, nanoseconds. */
    long boottimeNanos();

    /** The process that acted. */
    Subject subject();

    /**
     * Which process, and where it lives. Unsigned 32-bit numbers of the wire that may exceed an int are longs.
     *
     * @param pidInode of its pidfd; 0 where the kernel has none, and where nobody but the kernel could have told
     */
    record Subject(
            long startBoottimeNanos,
            long parentStartBoottimeNanos,
            long cgroupId,
            long pidsCgroupId,
            long capEffective,
            long capPermitted,
            long pidInode,
            int pid,
            int tid,
            int vpid,
            int parentPid,
            int pgid,
            int sid,
            long uid,
            long gid,
            long realUid,
            int loginUid,
            int tty,
            long mntNs,
            long pidNs,
            String comm) {}

    /** A program started, or, with a negative result, did not. */
    record Exec(
            long boottimeNanos,
            Subject subject,
            long inode,
            long inodeCtimeNanos,
            long inodeMtimeNanos,
            int dev,
            int result,
            int flags,
            String path,
            String filename,
            String cwd,
            List<String> argv,
            String cgroup)
            implements ProbeEvent {
        public static final int UPPER_LAYER = 1;
        public static final int OVERLAY = 1 << 1;
        public static final int MEMFD = 1 << 2;
        public static final int WRITABLE = 1 << 3;
        public static final int ARGV_CUT = 1 << 4;
        public static final int PATH_CUT = 1 << 5;
        public static final int DELETED = 1 << 6;

        public boolean has(int flag) {
            return (flags & flag) != 0;
        }
    }

    /** The subject made a new process. */
    record Fork(long boottimeNanos, Subject subject, long childStartBoottimeNanos, int childPid, int childVpid)
            implements ProbeEvent {}

    /** The subject ended. */
    record Exit(long boottimeNanos, Subject subject, int exitCode, int reaperPid) implements ProbeEvent {}

    /** The subject opened a file, or, with a negative result, could not. */
    record Open(
            long boottimeNanos,
            Subject subject,
            long inode,
            int dev,
            int result,
            int openFlags,
            int mode,
            int flags,
            int dirfd,
            int syscall,
            String path,
            String name,
            String cgroup)
            implements ProbeEvent {
        public static final int UPPER_LAYER = 1;
        public static final int OVERLAY = 1 << 1;
        public static final int PATH_CUT = 1 << 2;
    }

    /**
     * The subject connected a socket, or tried to.
     *
     * @param localAddress in the usual notation of IPv4 or IPv6, an IPv4 address that the kernel keeps in an
     *     IPv6 socket in that of IPv4; empty for a Unix socket
     * @param path of a Unix socket; an abstract name begins with a NUL, and may contain more of them
     */
    record Connect(
            long boottimeNanos,
            Subject subject,
            int result,
            int fd,
            int family,
            int protocol,
            int localPort,
            int remotePort,
            String localAddress,
            String remoteAddress,
            String path,
            String cgroup)
            implements ProbeEvent {}
}
