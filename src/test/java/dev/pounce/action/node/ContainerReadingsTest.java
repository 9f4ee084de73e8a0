package dev.pounce.action.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.ActionType;
import dev.pounce.action.evidence.NodeEvidence;
import dev.pounce.action.process.ContainerMembership;
import dev.pounce.asset.NodeRef;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is asked of the probe, and what is made of its answer, with a program in its place that tells what it was asked. */
class ContainerReadingsTest {

    private static final NodeRef HERE = new NodeRef("n1");

    /** Whatever it is called, but for one that has gone: this process is in it. */
    private static final ContainerMembership MEMBERSHIP = (pid, container) ->
            pid == ProcessHandle.current().pid() && !container.id().equals("gone")
                    ? Optional.of("pids:/kubepods/" + container.id())
                    : Optional.empty();

    private static final Clock NOW = Clock.fixed(Instant.parse("2026-11-24T00:00:00Z"), ZoneOffset.UTC);

    @TempDir
    Path folder;

    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

    @Test
    void aTraceIsOfAllContainersAtOnce() throws IOException {
        // Given
        saying("{\"answer\":\"traced\",\"ended\":\"time\",\"calls\":7,\"lost\":0,\"skipped\":0}");

        // When
        NodeEvidence.Read read = trace(List.of("a", "b"), Map.of("duration", "7s", "buffer", "512"), 60);

        // Then
        assertThat(read).isEqualTo(new NodeEvidence.Read("", false));
        assertThat(kept.toString(UTF_8))
                .isEqualTo("trace --cgroup pids:/kubepods/a --cgroup pids:/kubepods/b --seconds 7 --buffer 512\n");
    }

    @Test
    void aTraceOfNoContainerIsOfTheWholeNode() throws IOException {
        // Given
        saying("{\"answer\":\"traced\",\"ended\":\"time\",\"lost\":0,\"skipped\":0}");

        // When
        NodeEvidence.Read read = trace(List.of(), Map.of("scope", "node"), 60);

        // Then
        assertThat(read.failure()).isEmpty();
        assertThat(kept.toString(UTF_8)).isEqualTo("trace --node --seconds 5 --buffer 2048\n");
    }

    @Test
    void whatIsMissingOfATraceIsSaid() throws IOException {
        // Given
        saying("{\"answer\":\"traced\",\"ended\":\"gone\",\"lost\":40,\"skipped\":2}");

        // When
        NodeEvidence.Read read = trace(List.of("a", "gone"), Map.of("duration", "1m"), 20);

        // Then
        assertThat(read.retryable()).isFalse();
        assertThat(read.failure())
                .isEqualTo("no process of container gone was left; the step's time was enough for 17s of 1m;"
                        + " its processes ended before the time was over;"
                        + " 42 system calls were lost, as they came faster than they could be written");
        assertThat(kept.toString(UTF_8)).startsWith("trace --cgroup pids:/kubepods/a --seconds 17 ");
    }

    @Test
    void aProbeThatFailsOrDiesIsSaidToHave() throws IOException {
        // When / Then
        script("echo '{\"answer\":\"failed\",\"reason\":\"cannot record: Operation not permitted\"}' >&2; exit 1");
        assertThat(trace(List.of("a"), Map.of(), 20))
                .isEqualTo(new NodeEvidence.Read("cannot record: Operation not permitted", true));
        script("echo some; kill -9 $$");
        assertThat(trace(List.of("a"), Map.of(), 20))
                .isEqualTo(
                        new NodeEvidence.Read("pounce-probe was ended by signal 9 before it had all been read", true));
        assertThat(kept.toString(UTF_8)).isEqualTo("some\n");
    }

    @Test
    void whoIsElsewhereOrGoneIsObjectedTo() {
        try (ContainerReadings readings = readings()) {
            assertThat(readings.objection(ActionType.EVIDENCE_TRACE, "n2", List.of("a")))
                    .contains("needs the agent on the pod's node, which is n2, and this is n1");
            assertThat(readings.objection(ActionType.EVIDENCE_TRACE, "n2", List.of()))
                    .isPresent();
            assertThat(readings.objection(ActionType.EVIDENCE_TRACE, "n1", List.of("gone")))
                    .contains("no process of container gone is left");
            assertThat(readings.objection(ActionType.EVIDENCE_TRACE, "n1", List.of("a", "gone")))
                    .isEmpty();
        }
    }

    private void saying(String answer) throws IOException {
        script("echo \"$@\"; echo '" + answer + "' >&2");
    }

    private void script(String text) throws IOException {
        Path probe = folder.resolve("probe");
        Files.writeString(probe, "#!/bin/sh\n" + text + "\n");
        Files.setPosixFilePermissions(probe, PosixFilePermissions.fromString("rwx------"));
    }

    private ContainerReadings readings() {
        return new ContainerReadings(folder.resolve("probe"), HERE, MEMBERSHIP, NOW);
    }

    private NodeEvidence.Read trace(List<String> ids, Map<String, ?> parameters, int seconds) {
        try (ContainerReadings readings = readings()) {
            return readings.read(
                    ActionType.EVIDENCE_TRACE,
                    HERE.name(),
                    ids,
                    ActionType.EVIDENCE_TRACE.read(parameters),
                    kept,
                    NOW.instant().plus(Duration.ofSeconds(seconds)));
        }
    }
}
