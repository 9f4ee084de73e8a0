package dev.pounce.guard;

import dev.pounce.asset.Answer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** A process table made of sentences. The engine is process 900, started by a shell (800) of an sshd (700). */
final class FakeProcesses implements ProcessFacts {

    static final int ENGINE = 900;

    /** @param readable whether anything can be found out about it */
    private record Row(Facts facts, String program, boolean onHost, Optional<String> container, boolean readable) {}

    private final Map<Integer, Row> rows = new HashMap<>();

    /** Who is not root; empty is somebody unknown. */
    private final Map<Integer, Optional<Long>> users = new HashMap<>();

    static FakeProcesses aNode() {
        return new FakeProcesses()
                .onHost(1, 0, "/usr/lib/systemd/systemd")
                .kernelThread(20)
                .onHost(700, 1, "/usr/sbin/sshd")
                .onHost(800, 700, "/usr/bin/bash")
                .onHost(ENGINE, 800, "/usr/bin/java")
                .onHost(901, ENGINE, "/opt/pounce/bin/pounce-probe");
    }

    FakeProcesses onHost(int pid, int parent, String program) {
        return add(pid, parent, program, true, Optional.empty(), true);
    }

    FakeProcesses inContainer(int pid, int parent, String program, String container) {
        return add(pid, parent, program, false, Optional.of(container), true);
    }

    FakeProcesses runBy(int pid, Optional<Long> user) {
        users.put(pid, user);
        return this;
    }

    FakeProcesses unreadable(int pid, int parent) {
        return add(pid, parent, "", true, Optional.empty(), false);
    }

    FakeProcesses kernelThread(int pid) {
        rows.put(pid, new Row(new Facts(pid, 2, 5, true, false, "kworker/0:1"), "", true, Optional.empty(), true));
        return this;
    }

    FakeProcesses ended(int pid, int parent) {
        rows.put(pid, new Row(new Facts(pid, parent, 5, false, true, "gone"), "", true, Optional.empty(), true));
        return this;
    }

    private FakeProcesses add(
            int pid, int parent, String program, boolean onHost, Optional<String> container, boolean readable) {
        String name = program.substring(program.lastIndexOf('/') + 1);
        rows.put(
                pid,
                new Row(new Facts(pid, parent, 1000L * pid, false, false, name), program, onHost, container, readable));
        return this;
    }

    @Override
    public int self() {
        return ENGINE;
    }

    @Override
    public Answer<Facts> about(int pid) {
        return row(pid, Row::facts);
    }

    @Override
    public Answer<String> program(int pid) {
        return row(pid, Row::program);
    }

    @Override
    public Answer<Boolean> isOnHost(int pid) {
        return row(pid, Row::onHost);
    }

    @Override
    public Answer<Long> user(int pid) {
        return users.getOrDefault(pid, Optional.of(0L))
                .<Answer<Long>>map(Answer.Known::new)
                .orElseGet(() -> new Answer.Unknown<>("the user of process " + pid + " cannot be read"));
    }

    @Override
    public Answer<Optional<String>> container(int pid) {
        return row(pid, Row::container);
    }

    @Override
    public Answer<List<Integer>> children(int pid) {
        return row(pid, row -> rows.values().stream()
                .map(Row::facts)
                .filter(facts -> facts.parent() == pid)
                .map(Facts::pid)
                .sorted()
                .toList());
    }

    private <T> Answer<T> row(int pid, Function<Row, T> column) {
        Row row = rows.get(pid);
        if (row == null) {
            return new Answer.Gone<>();
        }
        return row.readable()
                ? new Answer.Known<>(column.apply(row))
                : new Answer.Unknown<>("facts about process " + pid + " cannot be read");
    }
}
