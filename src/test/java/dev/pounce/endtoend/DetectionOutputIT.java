package dev.pounce.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the rules that we ship find in a real container, as Falco's JSON on stdout. */
class DetectionOutputIT {

    private static final String ID = Containers.longId();

    @TempDir
    static Path folder = Path.of("/");

    private static @Nullable Containers containers;
    private static @Nullable RunningEngine engine;

    @BeforeAll
    static void startEngineAndContainer() {
        Machine.assumeItCanRunHere();
        Containers runtime = Containers.start();
        containers = runtime;
        runtime.run(ID);
        engine = RunningEngine.armed(folder.resolve("state"));
    }

    @AfterAll
    static void end() {
        if (engine != null) {
            engine.close();
        }
        if (containers != null) {
            containers.close();
        }
    }

    @Test
    void aShellWithATerminal() {
        containers().shell(ID, "echo hello");

        JsonNode found = seenIn("Terminal shell in container");
        assertThat(found.path("output_fields").path("proc.tty").asLong()).isNotZero();
        assertThat(found.path("priority").asText()).isEqualTo("Notice");
    }

    @Test
    void aReadOfPasswordHashes() {
        containers().exec(ID, "/bin/cat", "/etc/shadow");

        JsonNode found = seenIn("Read sensitive file untrusted");
        assertThat(found.path("output_fields").path("fd.name").asText()).isEqualTo("/etc/shadow");
        assertThat(found.path("output_fields").path("proc.name").asText()).isEqualTo("cat");
    }

    @Test
    void aProgramThatWasNotInTheImage() {
        containers().exec(ID, "/bin/sh", "-c", "cp /bin/busybox /tmp/true; /tmp/true");

        JsonNode found = seenIn("Drop and execute new binary in container");
        assertThat(found.path("output_fields").path("proc.exepath").asText()).isEqualTo("/tmp/true");
    }

    @Test
    void aConnectionToTheOutside() {
        // An address of nobody (RFC 5737). Where it leads to is of no matter: the attempt is reported
        containers().exec(ID, "/bin/busybox", "timeout", "1", "/bin/nc", "-w", "1", "198.51.100.1", "4444");

        JsonNode found = seenIn("Outbound connection from unexpected program in container");
        assertThat(found.path("output_fields").path("fd.sip").asText()).isEqualTo("198.51.100.1");
        assertThat(found.path("output_fields").path("fd.sport").asLong()).isEqualTo(4444);
    }

    @Test
    void aProgramWithoutAFile() {
        Path actor = folder.resolve("memfd");
        Path source = Machine.project().resolve("native-probe/tests/actors/exec_memfd.c");
        if (Machine.run("cc", "-D_GNU_SOURCE", "-o", actor.toString(), source.toString())
                        .exit()
                != 0) {
            System.out.println("left out: a program without a file, because its C source could not be compiled");
            Assumptions.abort("no C compiler");
        }

        Machine.Ran ran = Machine.run(actor.toString());

        assertThat(ran.exit()).as(ran.err()).isZero();
        JsonNode found = engine().awaitDetection("Fileless execution via memfd_create", detection -> detection
                .path("output_fields")
                .path("proc.pexepath")
                .asText()
                .equals(actor.toString()));
        assertThat(found.path("output_fields").path("container.id").asText()).isEqualTo("host");
        assertIsFalcosJson(found);
    }

    private static JsonNode seenIn(String rule) {
        JsonNode found = engine().awaitDetection(rule, detection -> detection
                .path("output_fields")
                .path("container.id")
                .asText()
                .equals(Containers.shown(ID)));
        assertIsFalcosJson(found);
        return found;
    }

    private static void assertIsFalcosJson(JsonNode detection) {
        List<String> keys = new ArrayList<>();
        detection.fieldNames().forEachRemaining(keys::add);
        assertThat(keys)
                .containsExactly("hostname", "output", "output_fields", "priority", "rule", "source", "tags", "time");
        assertThat(detection.path("source").asText()).isEqualTo("syscall");
        assertThat(detection.path("tags")).isNotEmpty();
        assertThat(detection.path("output").asText())
                .matches("\\d\\d:\\d\\d:\\d\\d\\.\\d{9}: "
                        + detection.path("priority").asText() + " .*");
        assertThat(Instant.parse(detection.path("time").asText()))
                .isBetween(Instant.now().minusSeconds(60), Instant.now());
    }

    private static Containers containers() {
        if (containers == null) {
            throw new AssertionError("the runtime was not started");
        }
        return containers;
    }

    private static RunningEngine engine() {
        if (engine == null) {
            throw new AssertionError("the engine was not started");
        }
        return engine;
    }
}
