package dev.pounce.detection;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class UserNamesTest {

    private static final Optional<String> HOST = Optional.empty();
    private static final Optional<String> WEB = Optional.of("web");

    private final Path host;
    private final Path proc;
    private final AtomicLong nanos = new AtomicLong(TimeUnit.DAYS.toNanos(1));
    private final UserNames names;

    UserNamesTest(@TempDir Path directory) throws IOException {
        this.host = directory.resolve("host");
        this.proc = directory.resolve("proc");
        this.names = new UserNames(host, proc, nanos::get);
        passwd(host, "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/:\n");
    }

    @AfterEach
    void letTheReadersEnd() {
        names.close();
    }

    @Test
    void aUserHasTheNameOfItsHost() throws IOException {
        Files.writeString(host.resolve("etc/group"), "wheel:x:10:alice\n");
        assertThat(user(1000, HOST, 5, "alice")).isEqualTo("alice");
        assertThat(names.group(10, HOST, 5)).isEqualTo("wheel");
        assertThat(names.loginName(1000)).isEqualTo("alice");
        assertThat(names.loginName(-1)).isEqualTo("<NA>");
    }

    @Test
    void inAContainerTheNameIsTheContainers() throws IOException {
        // Given
        passwd(proc.resolve("77/root"), "boss:x:0:0::/:\nbob:x:1000:1000::/:\n");

        // Then
        assertThat(user(1000, WEB, 77, "bob")).isEqualTo("bob");
        assertThat(user(0, WEB, 77, "boss")).isEqualTo("boss");
        assertThat(user(1000, HOST, 77, "alice")).isEqualTo("alice");
    }

    @Test
    void whoHasNoNameIsUnknownAndUidZeroIsRoot() {
        assertThat(names.user(4711, HOST, 1)).isEqualTo("<NA>");
        assertThat(names.user(0, WEB, 99)).isEqualTo("root");
        assertThat(names.user(5, WEB, 99)).isEqualTo("<NA>");
        assertThat(names.group(0, WEB, 99)).isEqualTo("root");
    }

    @Test
    void aContainerWhoseFirstProcessIsGoneIsReadByWayOfAnother() throws IOException {
        // Given
        assertThat(names.user(1000, WEB, 98)).isEqualTo("<NA>");
        passwd(proc.resolve("99/root"), "bob:x:1000:1000::/:\n");

        // When
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(2));

        // Then
        assertThat(user(1000, WEB, 99, "bob")).isEqualTo("bob");
    }

    @Test
    void anOldAnswerIsGivenWhileANewOneIsFetched() throws IOException {
        // Given
        assertThat(user(1000, HOST, 1, "alice")).isEqualTo("alice");
        passwd(host, "carol:x:1000:1000::/:\n");
        assertThat(names.user(1000, HOST, 1)).isEqualTo("alice");

        // When
        nanos.addAndGet(TimeUnit.MINUTES.toNanos(2));

        // Then
        assertThat(user(1000, HOST, 1, "carol")).isEqualTo("carol");
    }

    @Test
    void linesThatAreNoUsersAreLeftOut() throws IOException {
        // Given
        passwd(
                proc.resolve("77/root"),
                "\n:::::\nx\nbad:x:many:0::/:\na\u001b[31mb:x:7:7::/:\n:x:8:8::/:\nok:x:9:9::/:\nsecond:x:9:9::/:\n"
                        + "n".repeat(300) + ":x:10:10::/:\n");

        // Then
        assertThat(user(9, WEB, 77, "ok")).isEqualTo("ok");
        assertThat(names.user(7, WEB, 77)).isEqualTo("<NA>");
        assertThat(names.user(8, WEB, 77)).isEqualTo("<NA>");
        assertThat(names.user(10, WEB, 77)).isEqualTo("<NA>");
    }

    @Test
    void aContainersFileThatIsALinkOrAPipeIsNotRead() throws Exception {
        // Given
        Path linked = proc.resolve("77/root/etc");
        Files.createDirectories(linked);
        Files.createSymbolicLink(linked.resolve("passwd"), host.resolve("etc/passwd"));
        Path piped = proc.resolve("78/root/etc");
        Files.createDirectories(piped);
        assertThat(new ProcessBuilder("mkfifo", piped.resolve("passwd").toString())
                        .start()
                        .waitFor())
                .isZero();

        // Then
        assertThat(names.user(1000, WEB, 77)).isEqualTo("<NA>");
        assertThat(names.user(1000, Optional.of("other"), 78)).isEqualTo("<NA>");
    }

    @Test
    void whoReadsIsThereBeforeTheFirstEvent() {
        // Given
        Set<Thread> before = readers();

        // When
        try (UserNames fresh = new UserNames(host, proc, nanos::get)) {
            Set<Thread> made = readers();
            made.removeAll(before);
            for (int container = 0; container < 100; container++) {
                fresh.user(1000, Optional.of("c" + container), 77);
            }

            // Then
            assertThat(made).hasSize(4);
            Set<Thread> after = readers();
            after.removeAll(before);
            assertThat(after).isEqualTo(made);
        }
    }

    private static Set<Thread> readers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("user-names"))
                .collect(Collectors.toCollection(HashSet::new));
    }

    /**
     * Reading is another thread's work: asks until the answer is the new one, and the test's time is up if it never is. Time
     * passes meanwhile: a first reading that ended late is too young to be repeated.
     */
    private String user(long uid, Optional<String> container, int pid, String until) {
        String answer = names.user(uid, container, pid);
        while (!answer.equals(until)) {
            assertThat(Thread.currentThread().isInterrupted()).as("out of time").isFalse();
            nanos.addAndGet(TimeUnit.SECONDS.toNanos(2));
            answer = names.user(uid, container, pid);
        }
        return answer;
    }

    private static void passwd(Path root, String text) throws IOException {
        Files.writeString(Files.createDirectories(root.resolve("etc")).resolve("passwd"), text);
    }
}
