package dev.pounce.action.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Action;
import dev.pounce.action.ActionType;
import dev.pounce.action.Circumstances;
import dev.pounce.action.Outcome;
import dev.pounce.action.RemoteActuator;
import dev.pounce.action.process.ContainerMembership;
import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.NodeRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** By which key things are put in force, with a program in the probe's place; in the kernel it is NodeIsolationIT's. */
class NodeActuatorTest {

    private static final NodeRef HERE = new NodeRef("n1");
    private static final ContainerRef FIRST = new ContainerRef(HERE, "a".repeat(64));
    private static final ContainerRef AGAIN = new ContainerRef(HERE, "b".repeat(64));

    /** This process is in whatever it is asked about. */
    private static final ContainerMembership MEMBERSHIP = (pid, container) ->
            pid == ProcessHandle.current().pid() ? Optional.of("/kubepods/" + container.id()) : Optional.empty();

    @TempDir
    Path folder;

    private final List<Action.TakeBack> undos = new ArrayList<>();
    private NodeActuator actuator;

    @BeforeEach
    void start() throws IOException {
        Path probe = folder.resolve("probe");
        Files.writeString(probe, """
                #!/bin/sh
                echo '{"answer":"planned"}'
                read go
                echo '{"answer":"isolated"}'
                """);
        Files.setPosixFilePermissions(probe, PosixFilePermissions.fromString("rwx------"));
        actuator = new NodeActuator(probe, HERE, MEMBERSHIP, Clock.systemUTC());
    }

    @AfterEach
    void stop() {
        actuator.close();
    }

    @Test
    void aStepBesideOthersHasOneKeyForAllItsContainersSoThatOneReleaseEndsAll() {
        // When
        isolate(actuator.besideOthers(), FIRST);
        isolate(actuator.besideOthers(), AGAIN);

        // Then
        assertThat(undos).extracting(undo -> undo.before().get("key")).containsExactly("r-1/isolate", "r-1/isolate");
    }

    @Test
    void aStepOnOneContainerHasAKeyOfItsOwn() {
        // When
        isolate(actuator, FIRST);
        isolate(actuator, AGAIN);

        // Then
        assertThat(undos)
                .extracting(undo -> undo.before().get("key"))
                .containsExactly("r-1/isolate/aaaaaaaaaaaa", "r-1/isolate/bbbbbbbbbbbb");
    }

    private void isolate(RemoteActuator by, ContainerRef container) {
        ActionType type = ActionType.NODE_ISOLATE_CONTAINER;
        Outcome outcome = by.carryOut(
                        new Action.OnCluster(type, container, type.read(Map.of())),
                        new Circumstances("r-1", "isolate", Instant.now(), Optional.empty(), () -> "{}"),
                        Instant.now().plus(Duration.ofSeconds(20)),
                        undos::add)
                .toCompletableFuture()
                .join();
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
    }
}
