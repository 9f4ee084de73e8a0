package dev.pounce.detection;

import dev.pounce.probe.ProbeEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The kernel's numbers by name, as Falco's rules expect them. Numbers: {@code errno(3)}, {@code capabilities(7)} and
 * {@code open(2)} for x86-64, which is what the wire carries on every architecture. The order of the flags is Falco's.
 */
final class KernelNames {

    private static final List<String> ERRNO =
            List.of(("SUCCESS EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT"
                            + " ENOTBLK EBUSY EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY"
                            + " EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK"
                            + " ENOSYS ENOTEMPTY ELOOP 41 ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG"
                            + " EUNATCH ENOCSI EL2HLT EBADE EBADR EXFULL ENOANO EBADRQC EBADSLT 58 EBFONT ENOSTR"
                            + " ENODATA ETIME ENOSR ENONET ENOPKG EREMOTE ENOLINK EADV ESRMNT ECOMM EPROTO"
                            + " EMULTIHOP EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD"
                            + " ELIBSCN ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ"
                            + " EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP"
                            + " EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET"
                            + " ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT"
                            + " ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM"
                            + " ENAVAIL EISNAM EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED"
                            + " EKEYREVOKED EKEYREJECTED EOWNERDEAD ENOTRECOVERABLE ERFKILL EHWPOISON")
                    .split(" "));

    private static final List<String> CAPABILITIES = List.of(
            ("CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID CAP_SETUID"
                            + " CAP_SETPCAP CAP_LINUX_IMMUTABLE CAP_NET_BIND_SERVICE CAP_NET_BROADCAST"
                            + " CAP_NET_ADMIN CAP_NET_RAW CAP_IPC_LOCK CAP_IPC_OWNER CAP_SYS_MODULE CAP_SYS_RAWIO"
                            + " CAP_SYS_CHROOT CAP_SYS_PTRACE CAP_SYS_PACCT CAP_SYS_ADMIN CAP_SYS_BOOT"
                            + " CAP_SYS_NICE CAP_SYS_RESOURCE CAP_SYS_TIME CAP_SYS_TTY_CONFIG CAP_MKNOD CAP_LEASE"
                            + " CAP_AUDIT_WRITE CAP_AUDIT_CONTROL CAP_SETFCAP CAP_MAC_OVERRIDE CAP_MAC_ADMIN"
                            + " CAP_SYSLOG CAP_WAKE_ALARM CAP_BLOCK_SUSPEND CAP_AUDIT_READ CAP_PERFMON CAP_BPF"
                            + " CAP_CHECKPOINT_RESTORE")
                    .split(" "));

    static final int O_WRONLY = 1;
    static final int O_RDWR = 2;
    static final int O_ACCMODE = 3;
    static final int O_CREAT = 0x40;
    static final int O_EXCL = 0x80;
    static final int O_TRUNC = 0x200;
    static final int O_APPEND = 0x400;
    static final int O_NONBLOCK = 0x800;
    static final int O_DSYNC = 0x1000;
    static final int O_DIRECT = 0x4000;
    static final int O_LARGEFILE = 0x8000;
    static final int O_DIRECTORY = 0x10000;
    static final int O_CLOEXEC = 0x80000;
    static final int O_SYNC = 0x101000;
    static final int O_TMPFILE = 0x410000;

    private static final int MASKS_REMEMBERED = 256;
    private static final ConcurrentHashMap<Long, String> CAPABILITY_TEXTS = new ConcurrentHashMap<>();

    private KernelNames() {}

    /** {@code SUCCESS} for what is not negative, {@code ENOENT} for -2; a number that has no name as a number. */
    static String result(long result) {
        if (result >= 0) {
            return ERRNO.get(0);
        }
        return -result < ERRNO.size() ? ERRNO.get((int) -result) : Long.toString(-result);
    }

    /** {@code CAP_CHOWN CAP_KILL}; empty for none. */
    static String capabilities(long mask) {
        String known = CAPABILITY_TEXTS.get(mask);
        if (known != null) {
            return known;
        }
        List<String> names = new ArrayList<>();
        for (int bit = 0; bit < CAPABILITIES.size(); bit++) {
            if ((mask & 1L << bit) != 0) {
                names.add(CAPABILITIES.get(bit));
            }
        }
        String text = String.join(" ", names);
        if (CAPABILITY_TEXTS.size() < MASKS_REMEMBERED) {
            CAPABILITY_TEXTS.put(mask, text);
        }
        return text;
    }

    /** {@code O_TRUNC|O_CREAT|O_WRONLY}; flags that Falco does not name are left out. */
    static String openFlags(int flags) {
        boolean temporary = (flags & O_TMPFILE) == O_TMPFILE; // its mask contains O_DIRECTORY
        StringBuilder names = new StringBuilder();
        append(names, "O_LARGEFILE", (flags & O_LARGEFILE) != 0);
        append(names, "O_DIRECTORY", (flags & O_DIRECTORY) != 0 && !temporary);
        append(names, "O_DIRECT", (flags & O_DIRECT) != 0);
        append(names, "O_TRUNC", (flags & O_TRUNC) != 0);
        append(names, "O_SYNC", (flags & O_SYNC) == O_SYNC);
        append(names, "O_NONBLOCK", (flags & O_NONBLOCK) != 0);
        append(names, "O_EXCL", (flags & O_EXCL) != 0);
        append(names, "O_DSYNC", (flags & O_DSYNC) != 0);
        append(names, "O_APPEND", (flags & O_APPEND) != 0);
        append(names, "O_CREAT", (flags & O_CREAT) != 0);
        append(names, "O_RDWR", (flags & O_ACCMODE) == O_RDWR);
        append(names, "O_WRONLY", (flags & O_ACCMODE) == O_WRONLY);
        append(names, "O_RDONLY", (flags & O_ACCMODE) == 0);
        append(names, "O_CLOEXEC", (flags & O_CLOEXEC) != 0);
        append(names, "O_TMPFILE", temporary);
        return names.toString();
    }

    /** {@code EXE_WRITABLE|EXE_UPPER_LAYER}; empty for none. */
    static String execFlags(int flags) {
        boolean upper = (flags & ProbeEvent.Exec.UPPER_LAYER) != 0;
        StringBuilder names = new StringBuilder();
        append(names, "EXE_WRITABLE", (flags & ProbeEvent.Exec.WRITABLE) != 0);
        append(names, "EXE_UPPER_LAYER", upper);
        append(names, "EXE_FROM_MEMFD", (flags & ProbeEvent.Exec.MEMFD) != 0);
        append(names, "EXE_LOWER_LAYER", (flags & ProbeEvent.Exec.OVERLAY) != 0 && !upper);
        return names.toString();
    }

    private static void append(StringBuilder names, String name, boolean set) {
        if (set) {
            if (!names.isEmpty()) {
                names.append('|');
            }
            names.append(name);
        }
    }
}
