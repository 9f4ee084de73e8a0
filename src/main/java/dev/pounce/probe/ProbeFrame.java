package dev.pounce.probe;

import java.util.List;
import java.util.Set;

/**
 * What one frame of the wire says: an event, or something about the probe itself. Mirrors {@code
 * native-probe/include/probe_event.h}, where every field is explained.
 */
public sealed interface ProbeFrame
        permits ProbeEvent,
                ProbeFrame.Hello,
                ProbeFrame.Armed,
                ProbeFrame.Heartbeat,
                ProbeFrame.Refused,
                ProbeFrame.Skipped,
                FrameProblem {

    /**
     * The probe introduces itself; nothing is loaded yet.
     *
     * @param boottimeNanos CLOCK_BOOTTIME when it was sent
     * @param realtimeNanos CLOCK_REALTIME at the same moment, since the epoch
     * @param kernel the kernel's release, {@code uname -r}
     * @param build the probe's version
     */
    record Hello(long boottimeNanos, long realtimeNanos, int pid, int cpus, String kernel, String build)
            implements ProbeFrame {}

    /**
     * The probe is attached, and the filter of this generation is in force.
     *
     * @param hooks names of what is attached
     */
    record Armed(long boottimeNanos, int generation, Set<Tier> tiers, List<String> hooks) implements ProbeFrame {
        public Armed {
            tiers = Set.copyOf(tiers);
            hooks = List.copyOf(hooks);
        }
    }

    /**
     * Once a second. Counters since the probe was armed.
     *
     * @param delivered event frames that the probe wrote to the socket
     * @param recursionMisses program runs that the kernel skipped
     * @param ringBytes what waits in the ring buffer
     * @param cpus one per CPU, CPU 0 first
     */
    record Heartbeat(
            long boottimeNanos,
            long realtimeNanos,
            long delivered,
            long recursionMisses,
            long ringBytes,
            long ringSize,
            int generation,
            List<CpuCounters> cpus)
            implements ProbeFrame {
        public Heartbeat {
            cpus = List.copyOf(cpus);
        }
    }

    /** The probe cannot work here; its last frame. */
    record Refused(long boottimeNanos, Refusal refusal, String reason) implements ProbeFrame {}

    /** A frame of the right version that says nothing to us: of a kind that we do not know, or about no process. */
    record Skipped(int kind, String why) implements ProbeFrame {}

    /** Why the probe refuses; {@code enum probe_refusal} of the wire. */
    enum Refusal {
        NO_BTF,
        NO_RIGHTS,
        KERNEL,
        BAD_FRAME,
        /** Its own fault, or a reason that is newer than this engine. */
        INTERNAL
    }

    /** What a host can promise, found by trying. */
    enum Tier {
        OBSERVE
    }
}
