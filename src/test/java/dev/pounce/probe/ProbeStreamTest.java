package dev.pounce.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pounce.testing.ProbeEvents;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ProbeStreamTest {

    private static final ProbeFilter NOTHING = new ProbeFilter(false, Set.of(), false, false, false, false, false);
    private static final ProbeFilter OPENS = new ProbeFilter(true, Set.of("shadow"), false, false, false, false, false);

    private final Path socket;
    private final HeardNews heard = new HeardNews();

    ProbeStreamTest(@TempDir Path directory) {
        this.socket = directory.resolve("private").resolve("probe.sock");
    }

    @Test
    void aProbeIsGreetedWithTheFilterAndItsEventsAreHeard() throws Exception {
        try (ProbeStream stream = ProbeStream.open(socket, OPENS, heard);
                FakeProbe probe = FakeProbe.connect(socket)) {
            // When
            probe.send(FrameWriter.hello(5, 6));
            ByteBuffer filter = probe.filter();
            probe.send(FrameWriter.armed(1));
            ProbeEvent exec = ProbeEvents.exec(ProbeEvents.subject(), "/bin/id", "id");
            probe.send(FrameWriter.of(exec));
            probe.send(FrameWriter.heartbeat(1));

            // Then
            assertThat(filter.getInt()).as("generation").isEqualTo(1);
            assertThat(heard.next()).isInstanceOf(ProbeFrame.Hello.class);
            assertThat(heard.next()).isInstanceOf(ProbeFrame.Armed.class);
            assertThat(heard.next()).isEqualTo(exec);
            assertThat(heard.next()).isInstanceOf(ProbeFrame.Heartbeat.class);
            assertThat(stream).isNotNull();
        }
    }

    @Test
    void aNewFilterReachesTheProbeAtOnce() throws Exception {
        try (ProbeStream stream = ProbeStream.open(socket, NOTHING, heard);
                FakeProbe probe = FakeProbe.connect(socket)) {
            // Given
            probe.send(FrameWriter.hello(5, 6));
            assertThat(probe.filter().getInt()).isEqualTo(1);

            // When
            int generation = stream.apply(OPENS);

            // Then
            assertThat(generation).isEqualTo(2);
            ByteBuffer filter = probe.filter();
            assertThat(filter.getInt()).isEqualTo(2);
            assertThat(filter.getInt()).as("kinds").isEqualTo(0b011110);
        }
    }

    @Test
    void aFilterThatWasAppliedWithoutAProbeIsTheFirstThatItGets() throws Exception {
        try (ProbeStream stream = ProbeStream.open(socket, NOTHING, heard)) {
            // Given
            stream.apply(NOTHING);
            stream.apply(OPENS);

            // When
            try (FakeProbe probe = FakeProbe.connect(socket)) {
                probe.send(FrameWriter.hello(5, 6));

                // Then
                ByteBuffer filter = probe.filter();
                assertThat(filter.getInt()).isEqualTo(3);
                assertThat(filter.getInt()).as("kinds").isEqualTo(0b011110);
            }
        }
    }

    @Test
    void eventsAreHandedOverOnTheReadingThread() throws Exception {
        // Given
        CountDownLatch done = new CountDownLatch(1);
        String[] thread = new String[1];
        ProbeListener listener = event -> {
            thread[0] = Thread.currentThread().getName();
            done.countDown();
        };
        try (ProbeStream stream = ProbeStream.open(socket, NOTHING, listener);
                FakeProbe probe = FakeProbe.connect(socket)) {
            // When
            probe.send(FrameWriter.hello(5, 6));
            probe.send(FrameWriter.of(ProbeEvents.exit(1, ProbeEvents.subject())));

            // Then
            assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(thread[0]).isEqualTo("probe-stream");
            assertThat(stream).isNotNull();
        }
    }

    @Test
    void manyEventsInOneGoAreAllHeardInOrder() throws Exception {
        try (ProbeStream stream = ProbeStream.open(socket, NOTHING, heard);
                FakeProbe probe = FakeProbe.connect(socket)) {
            // Given
            ByteArrayOutputStream burst = new ByteArrayOutputStream();
            burst.writeBytes(FrameWriter.hello(5, 6));
            for (int i = 1; i <= 5_000; i++) {
                burst.writeBytes(FrameWriter.of(
                        ProbeEvents.exec(i, ProbeEvents.subject(), 0, 0, "/bin/" + "x".repeat(i % 300), "", "a", "b")));
            }

            // When
            probe.send(burst.toByteArray());

            // Then
            assertThat(heard.next()).isInstanceOf(ProbeFrame.Hello.class);
            for (int i = 1; i <= 5_000; i++) {
                assertThat(((ProbeEvent) heard.next()).boottimeNanos()).isEqualTo(i);
            }
            assertThat(stream).isNotNull();
        }
    }

    @Test
    void aBrokenFrameEndsTheConnectionAndTheNextProbeIsServed() throws Exception {
        try (ProbeStream stream = ProbeStream.open(socket, NOTHING, heard)) {
            // Given
            try (FakeProbe probe = FakeProbe.connect(socket)) {
                probe.send(FrameWriter.hello(5, 6));
                assertThat(probe.filter().getInt()).isEqualTo(1);
                byte[] bad = FrameWriter.armed(1);
                bad[4] = 2;

                // When
                probe.send(bad);

                // Then
                assertThat(heard.next()).isInstanceOf(ProbeFrame.Hello.class);
                assertThat(heard.next()).isEqualTo("it sent a frame of version 2, expected 1");
                assertThat(probe.isHungUpOn()).isTrue();
            }
            try (FakeProbe next = FakeProbe.connect(socket)) {
                next.send(FrameWriter.hello(5, 6));
                assertThat(next.filter().getInt()).isEqualTo(1);
                assertThat(heard.next()).isInstanceOf(ProbeFrame.Hello.class);
            }
            assertThat(heard.next()).isEqualTo("it closed the connection");
            assertThat(stream).isNotNull();
        }
    }

    @Test
    void whoDoesNotIntroduceItselfIsNotListenedTo() throws Exception {
        try (ProbeStream stream = ProbeStream.open(socket, NOTHING, heard);
                FakeProbe probe = FakeProbe.connect(socket)) {
            // When
            probe.send(FrameWriter.armed(1));

            // Then
            assertThat(heard.next()).isEqualTo("its first frame was not HELLO");
            assertThat(probe.isHungUpOn()).isTrue();
            assertThat(stream).isNotNull();
        }
    }

    @Test
    void aRefusalIsHeardWithItsReason() throws Exception {
        try (ProbeStream stream = ProbeStream.open(socket, NOTHING, heard);
                FakeProbe probe = FakeProbe.connect(socket)) {
            // When
            probe.send(FrameWriter.hello(5, 6));
            probe.send(FrameWriter.refused(1, "no BTF"));

            // Then
            assertThat(heard.next()).isInstanceOf(ProbeFrame.Hello.class);
            assertThat(heard.next()).isEqualTo(new ProbeFrame.Refused(9, ProbeFrame.Refusal.NO_BTF, "no BTF"));
            assertThat(stream).isNotNull();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"bug", "no thread"})
    void aBugInTheListenerDoesNotBlindTheEngine(String bug) throws Exception {
        try (ProbeStream stream = ProbeStream.open(socket, NOTHING, heard);
                FakeProbe probe = FakeProbe.connect(socket)) {
            // When
            probe.send(FrameWriter.hello(5, 6));
            probe.send(FrameWriter.of(ProbeEvents.exit(1, ProbeEvents.subject(7, 1, 0, 0, bug))));
            probe.send(FrameWriter.of(ProbeEvents.exit(2, ProbeEvents.subject())));

            // Then
            assertThat(heard.next()).isInstanceOf(ProbeFrame.Hello.class);
            assertThat(((ProbeEvent) heard.next()).boottimeNanos()).isEqualTo(1);
            assertThat(((ProbeEvent) heard.next()).boottimeNanos()).isEqualTo(2);
            assertThat(stream).isNotNull();
        }
    }

    @Test
    void anErrorWhileAProbeIsTakenInDoesNotKeepTheNextOneOut() throws Exception {
        // Given
        AtomicBoolean before = new AtomicBoolean();
        Predicate<UserPrincipal> failingOnce = peer -> {
            if (!before.getAndSet(true)) {
                throw new OutOfMemoryError("as the test asked");
            }
            return true;
        };
        try (ProbeStream stream = ProbeStream.open(socket, NOTHING, heard, failingOnce)) {
            try (FakeProbe first = FakeProbe.connect(socket)) {
                assertThat(first.isHungUpOn()).isTrue();
            }

            // When
            try (FakeProbe second = FakeProbe.connect(socket)) {
                second.send(FrameWriter.hello(5, 6));

                // Then
                assertThat(heard.next()).isInstanceOf(ProbeFrame.Hello.class);
            }
            assertThat(stream).isNotNull();
        }
    }

    @Test
    void aStrangerIsHungUpOn() throws Exception {
        try (ProbeStream stream = ProbeStream.open(socket, NOTHING, heard, peer -> false);
                FakeProbe probe = FakeProbe.connect(socket)) {
            // Then
            assertThat(probe.isHungUpOn()).isTrue();
            assertThat(heard.isQuiet()).isTrue();
            assertThat(stream).isNotNull();
        }
    }

    @Test
    void theKernelSaysWhoThePeerIs() throws Exception {
        // Given
        BlockingQueue<String> peers = new LinkedBlockingQueue<>();
        try (ProbeStream stream = ProbeStream.open(socket, NOTHING, heard, peer -> peers.add(peer.getName()));
                FakeProbe probe = FakeProbe.connect(socket)) {
            // When
            String peer = peers.poll(20, TimeUnit.SECONDS);

            // Then
            assertThat(peer).isEqualTo(Files.getOwner(socket).getName());
            assertThat(probe).isNotNull();
            assertThat(stream).isNotNull();
        }
    }

    @Test
    void theDirectoryIsMadeForItsOwnerOnly() throws Exception {
        try (ProbeStream stream = ProbeStream.open(socket, NOTHING, heard)) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket.resolveSibling("."))))
                    .isEqualTo("rwx------");
            assertThat(stream).isNotNull();
        }
        assertThat(socket).doesNotExist();
    }

    @Test
    void aDirectoryThatLetsOthersInIsNotUsed(@TempDir Path open) throws Exception {
        // Given
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-x---"));

        // Then
        assertThatThrownBy(() -> ProbeStream.open(open.resolve("s"), NOTHING, heard))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("lets others in (rwxr-x---), expected rwx------: chmod 700");
    }

    @Test
    void closingEndsTheConversationAndIsSaidSo() throws Exception {
        // Given
        ProbeStream stream = ProbeStream.open(socket, NOTHING, heard);
        try (FakeProbe probe = FakeProbe.connect(socket)) {
            probe.send(FrameWriter.hello(5, 6));
            assertThat(heard.next()).isInstanceOf(ProbeFrame.Hello.class);

            // When
            stream.close();

            // Then
            assertThat(heard.next()).isEqualTo("the engine stops");
        }
    }

    @Test
    void aSocketThatAPredecessorLeftBehindIsReplaced() throws Exception {
        // Given
        Files.createDirectories(
                socket.resolveSibling(""),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.writeString(socket, "left behind");

        // When
        try (ProbeStream stream = ProbeStream.open(socket, NOTHING, heard);
                FakeProbe probe = FakeProbe.connect(socket)) {
            // Then
            probe.send(FrameWriter.hello(5, 6));
            assertThat(heard.next()).isInstanceOf(ProbeFrame.Hello.class);
            assertThat(stream).isNotNull();
        }
    }
}
