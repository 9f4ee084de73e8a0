package dev.pounce.action.process;

import jnr.ffi.LibraryLoader;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * The system calls that the JDK does not offer: pidfds, waiting for many of them at once, and being punctual. Every call
 * answers with what the kernel answered, or with the negated errno.
 *
 * <p>Only numbers cross the border to C. That is all that jnr-ffi needs for a dynamic proxy without
 * generated classes, so that the same code works in a native executable; the metadata lies in {@code
 * META-INF/native-image/dev.pounce/pounce} and names this class, {@link Native} and {@link LibC}.
 */
final class Signals {

    static final int SIGKILL = 9;
    static final int SIGCONT = 18;
    static final int SIGSTOP = 19;

    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int ESRCH = 3;
    static final int EINTR = 4;
    static final int EINVAL = 22;
    static final int ENFILE = 23;
    static final int EMFILE = 24;
    static final int ENOSYS = 38;

    // The table that x86-64 and aarch64 share: system calls since Linux 5.1 have one number everywhere
    private static final long PIDFD_SEND_SIGNAL = 424;
    private static final long PIDFD_OPEN = 434;

    private static final int EFD_CLOEXEC_NONBLOCK = 02000000 | 04000;
    private static final short POLLIN = 1;
    private static final int EPOLL_CLOEXEC = 02000000;
    private static final int EPOLL_CTL_ADD = 1;

    /** Public because a proxy for it is made at run time. */
    public interface LibC {
        long syscall(long number, long a, long b, long c, long d);

        int poll(long pollfds, long count, int timeoutMillis);

        int epoll_create1(int flags);

        int epoll_ctl(int epoll, int operation, int fd, long event);

        int epoll_wait(int epoll, long events, int most, int timeoutMillis);

        int eventfd(int initial, int flags);

        long read(int fd, long buffer, long size);

        long write(int fd, long buffer, long size);

        int close(int fd);

        int sched_setscheduler(int pid, int policy, long parameters);
    }

    static {
        // Before jnr is touched: a proxy instead of a class made at run time
        System.setProperty("jnr.ffi.asm.enabled", "false");
        // The JDK warns about each library that reaches memory through Unsafe; jffi has another way
        System.setProperty("jffi.unsafe.disabled", "true");
    }

    /** Loads the library at the first call, in a native executable as well as on the JVM. */
    private static final class Native {
        static final LibC C = LibraryLoader.create(LibC.class).load("c");
        static final Runtime RUNTIME = Runtime.getRuntime(C);
    }

    private Signals() {}

    /** Pays for loading the library (up to 90 ms), and for the first calls, before it matters. */
    static void warmUp() {
        int self = Math.toIntExact(ProcessHandle.current().pid());
        for (int i = 0; i < 2_000; i++) {
            int fd = openPidfd(self);
            if (fd < 0) {
                return;
            }
            send(fd, 0);
            close(fd);
        }
    }

    /** A descriptor of the process that has this pid now; the kernel sets close-on-exec on it. */
    static int openPidfd(int pid) {
        return answer(Native.C.syscall(PIDFD_OPEN, pid, 0, 0, 0));
    }

    /** Signal 0 only asks whether the process is there and may be signalled. */
    static int send(int pidfd, int signal) {
        return answer(Native.C.syscall(PIDFD_SEND_SIGNAL, pidfd, signal, 0, 0));
    }

    static void close(int fd) {
        Native.C.close(fd);
    }

    static int newEventfd() {
        return answer(Native.C.eventfd(0, EFD_CLOEXEC_NONBLOCK));
    }

    static Pointer memory(int bytes) {
        return Memory.allocateDirect(Native.RUNTIME, bytes, true);
    }

    /** Whether there is something to read: of a pidfd, whether its process has exited. */
    static boolean isReadable(int fd) {
        Pointer pollfd = memory(8); // int fd, short events, short revents
        pollfd.putInt(0, fd);
        pollfd.putShort(4, POLLIN);
        return Native.C.poll(pollfd.address(), 1, 0) == 1;
    }

    static int newEpoll() {
        return answer(Native.C.epoll_create1(EPOLL_CLOEXEC));
    }

    /** @param event one {@code struct epoll_event}: what to wait for, and what to be told then */
    static int addToEpoll(int epoll, int fd, Pointer event) {
        return answer(Native.C.epoll_ctl(epoll, EPOLL_CTL_ADD, fd, event.address()));
    }

    /** @return how many are ready, or the negated errno */
    static int waitForEpoll(int epoll, Pointer events, int most, int timeoutMillis) {
        return answer(Native.C.epoll_wait(epoll, events.address(), most, timeoutMillis));
    }

    static void read(int fd, Pointer eightBytes) {
        long ignored = Native.C.read(fd, eightBytes.address(), Long.BYTES);
    }

    static void write(int fd, Pointer eightBytes) {
        long ignored = Native.C.write(fd, eightBytes.address(), Long.BYTES);
    }

    /** The calling thread's from now on. */
    static int setScheduler(int policy, int priority) {
        Pointer parameters = memory(Integer.BYTES); // struct sched_param
        parameters.putInt(0, priority);
        return answer(Native.C.sched_setscheduler(0, policy, parameters.address()));
    }

    private static int answer(long returned) {
        return returned < 0 ? -Native.RUNTIME.getLastError() : (int) returned;
    }
}
