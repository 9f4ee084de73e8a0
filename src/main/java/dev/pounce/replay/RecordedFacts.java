package dev.pounce.replay;

import dev.pounce.asset.Answer;
import dev.pounce.detection.Detection;
import dev.pounce.guard.ProcessFacts;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What can be known about a process from a detection that speaks of it. All else cannot be known afterwards, and that this
 * was asked is noted. Not thread-safe.
 */
final class RecordedFacts implements ProcessFacts {

    static final String AFTERWARDS = "cannot be known afterwards";

    /** More than the kernel gives: 2^22. */
    private static final int NOBODY = Integer.MAX_VALUE;

    private @Nullable Detection detection;
    private boolean askedInVain;

    void speakOf(Detection about) {
        detection = about;
        askedInVain = false;
    }

    boolean askedInVain() {
        return askedInVain;
    }

    private <T> Answer<T> unknown() {
        askedInVain = true;
        return new Answer.Unknown<>(AFTERWARDS);
    }

    private Optional<Object> field(int pid, String name) {
        return detection != null
                        && detection
                                .process()
                                .map(process -> process.pid() == pid)
                                .orElse(false)
                ? Optional.ofNullable(detection.fields().get(name))
                : Optional.empty();
    }

    @Override
    public int self() {
        return NOBODY;
    }

    @Override
    public Answer<Facts> about(int pid) {
        if (pid == NOBODY) {
            return new Answer.Known<>(new Facts(pid, 0, 0, false, false, "replay"));
        }
        int parent = field(pid, "proc.ppid").orElse(null) instanceof Long number ? number.intValue() : 0;
        // pid 2 and its children are threads of the kernel
        return new Answer.Known<>(new Facts(pid, parent, 0, pid == 2 || parent == 2, false, ""));
    }

    @Override
    public Answer<String> program(int pid) {
        return field(pid, "proc.exepath").orElse(null) instanceof String path ? new Answer.Known<>(path) : unknown();
    }

    @Override
    public Answer<Boolean> isOnHost(int pid) {
        return field(pid, "container.id").orElse(null) instanceof String id
                ? new Answer.Known<>(id.equals("host"))
                : unknown();
    }

    @Override
    public Answer<Long> user(int pid) {
        return field(pid, "user.uid").orElse(null) instanceof Long user ? new Answer.Known<>(user) : unknown();
    }

    @Override
    public Answer<Optional<String>> container(int pid) {
        return pid == NOBODY
                ? new Answer.Known<>(Optional.empty())
                : field(pid, "container.id").orElse(null) instanceof String id
                        ? new Answer.Known<>(id.equals("host") ? Optional.empty() : Optional.of(id))
                        : unknown();
    }

    @Override
    public Answer<List<Integer>> children(int pid) {
        return unknown();
    }
}
