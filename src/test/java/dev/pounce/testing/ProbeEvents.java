package dev.pounce.testing;

import dev.pounce.probe.ProbeEvent;
import java.util.List;

/** Events as the probe would report them, with one thing at a time changed. */
public final class ProbeEvents {

    public static final long SECOND = 1_000_000_000L;

    private ProbeEvents() {}

    /** A process of the host: pid 100, started at second 10, child of pid 50 that started at second 5. */
    public static ProbeEvent.Subject subject() {
        return subject(100, 10 * SECOND, 50, 5 * SECOND, "bash");
    }

    public static ProbeEvent.Subject subject(int pid, long start, int parentPid, long parentStart, String comm) {
        return new ProbeEvent.Subject(
                start, parentStart, 1, 1, 0, 0, 0, pid, pid, pid, parentPid, pid, pid, 0, 0, 0, -1, 0, 1, 2, comm);
    }

    public static ProbeEvent.Exec exec(ProbeEvent.Subject subject, String path, String... argv) {
        return exec(20 * SECOND, subject, 0, 0, path, "", argv);
    }

    public static ProbeEvent.Exec exec(
            long at, ProbeEvent.Subject subject, int result, int flags, String path, String cgroup, String... argv) {
        return new ProbeEvent.Exec(
                at,
                subject,
                7,
                3 * SECOND,
                2 * SECOND,
                8 << 20 | 1,
                result,
                flags,
                path,
                path,
                "/home",
                List.of(argv),
                cgroup);
    }

    public static ProbeEvent.Fork fork(long at, ProbeEvent.Subject parent, int childPid, long childStart) {
        return new ProbeEvent.Fork(at, parent, childStart, childPid, childPid);
    }

    public static ProbeEvent.Exit exit(long at, ProbeEvent.Subject subject) {
        return new ProbeEvent.Exit(at, subject, 0, 1);
    }

    public static ProbeEvent.Open open(
            ProbeEvent.Subject subject, int result, int openFlags, String path, String name) {
        return new ProbeEvent.Open(
                20 * SECOND,
                subject,
                9,
                8 << 20 | 1,
                result,
                openFlags,
                result < 0 ? 0 : 0x81a4,
                0,
                -100,
                257,
                path,
                name,
                "");
    }

    public static ProbeEvent.Connect connect(
            ProbeEvent.Subject subject, int result, int family, int protocol, String local, String remote) {
        return new ProbeEvent.Connect(
                20 * SECOND, subject, result, 5, family, protocol, 40001, 443, local, remote, "", "");
    }
}
