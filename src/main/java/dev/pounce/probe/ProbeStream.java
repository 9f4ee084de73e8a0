package dev.pounce.probe;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import jdk.net.ExtendedSocketOptions;
import jdk.net.UnixDomainPrincipal;
import org.jspecify.annotations.Nullable;

/**
 * The engine's end of the socket that the probe connects to. Serves one probe at a time, and the next one when it
 * is gone: HELLO, then our FILTER, then ARMED and events.
 *
 * <p>Who may connect is decided twice: the directory lets only its owner in, and the kernel tells who the
 * peer is, which must be root or ourselves. What the probe says is trusted to be true, never to be well-formed.
 *
 * <p>One platform thread accepts, reads (blocking, straight into a direct buffer) and calls the listener.
 * {@link #apply} and {@link #close} may be called from any thread.
 */
public final class ProbeStream implements AutoCloseable {

    private static final Logger LOG = System.getLogger(ProbeStream.class.getName());
    private static final int BUFFER_BYTES = 256 * 1024;
    private static final long AGAIN_NANOS = 100_000_000;
    private static final long CLOSE_WAITS_MILLIS = 2000;

    private final Path socket;
    private final ServerSocketChannel server;
    private final Predicate<UserPrincipal> mayConnect;
    private final ProbeListener listener;
    private final Thread reader;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final Object lock = new Object();

    // Guarded by lock.
    private ProbeFilter filter;
    private int generation = 1;
    private @Nullable SocketChannel greeted;
    private volatile @Nullable SocketChannel connected;
    private volatile boolean closed;

    private ProbeStream(
            Path socket,
            ServerSocketChannel server,
            Predicate<UserPrincipal> mayConnect,
            ProbeFilter filter,
            ProbeListener listener) {
        this.socket = socket;
        this.server = server;
        this.mayConnect = mayConnect;
        this.filter = filter;
        this.listener = listener;
        this.reader = new Thread(this::serve, "probe-stream");
        reader.setDaemon(true);
    }

    /**
     * Binds the socket and begins to wait for a probe.
     *
     * @param socket at most 107 bytes; its directory is made, for the owner only, if it is missing
     * @throws IOException when the directory lets others in, or the socket cannot be made
     */
    public static ProbeStream open(Path socket, ProbeFilter filter, ProbeListener listener) throws IOException {
        prepareDirectory(socket);
        UserPrincipal self = Files.getOwner(directoryOf(socket));
        return open(
                socket,
                filter,
                listener,
                peer -> peer.equals(self) || peer.getName().equals("root"));
    }

    static ProbeStream open(
            Path socket, ProbeFilter filter, ProbeListener listener, Predicate<UserPrincipal> mayConnect)
            throws IOException {
        prepareDirectory(socket);
        Files.deleteIfExists(socket); // a predecessor's that did not end well; nobody else can write here
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(UnixDomainSocketAddress.of(socket), 1);
        } catch (IOException | RuntimeException unusable) {
            server.close();
            throw unusable;
        }
        ProbeStream stream = new ProbeStream(socket, server, mayConnect, filter, listener);
        stream.reader.start();
        return stream;
    }

    /**
     * Changes what the probe reports, now or when it connects.
     *
     * @return the filter's generation: it is in force when an ARMED brings this number back
     */
    public int apply(ProbeFilter newFilter) {
        synchronized (lock) {
            filter = newFilter;
            generation++;
            SocketChannel probe = greeted;
            if (probe != null) {
                try {
                    sendFilter(probe);
                } catch (IOException gone) {
                    LOG.log(
                            Level.DEBUG,
                            "the probe went away while its filter changed",
                            gone); // the reader sees it, too
                }
            }
            return generation;
        }
    }

    /** Hangs up, waits at most two seconds for the reading thread, and removes the socket. */
    @Override
    public void close() {
        closed = true;
        closeQuietly(server);
        SocketChannel probe = connected;
        if (probe != null) {
            closeQuietly(probe);
        }
        if (Thread.currentThread() != reader) {
            try {
                reader.join(CLOSE_WAITS_MILLIS);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        try {
            Files.deleteIfExists(socket);
        } catch (IOException leftBehind) {
            LOG.log(Level.DEBUG, "could not remove {0}", socket);
        }
    }

    @SuppressWarnings("CatchingUnchecked") // whatever it is: a thread that ends here is blindness for good
    private void serve() {
        while (!closed) {
            try {
                serveNext();
            } catch (ClosedChannelException ended) {
                if (!closed) {
                    LOG.log(Level.ERROR, "the probe''s socket was closed: the engine is blind until it is restarted");
                    tell(() -> listener.gone("the engine's socket for the probe was closed"));
                    return;
                }
            } catch (Throwable broken) {
                logQuietly(Level.WARNING, "could not take a connection of the probe", broken);
                LockSupport.parkNanos(AGAIN_NANOS); // out of descriptors, say
            }
        }
    }

    @SuppressWarnings("CatchingUnchecked") // an Error of ours must not end the thread
    private void serveNext() throws IOException {
        try (SocketChannel probe = server.accept()) {
            connected = probe;
            if (closed) {
                return;
            }
            UserPrincipal peer = peerOf(probe);
            if (!mayConnect.test(peer)) {
                LOG.log(Level.WARNING, "refused a connection of user {0} to the probe''s socket", peer.getName());
                return;
            }
            String why;
            try {
                why = converse(probe, buffer.clear());
            } catch (Throwable bug) {
                logQuietly(Level.ERROR, "the connection to the probe is ended by a bug in the engine", bug);
                why = "a bug in the engine (" + bug.getClass().getSimpleName() + ")";
            }
            synchronized (lock) {
                greeted = null;
            }
            String ended = why;
            tell(() -> listener.gone(ended));
        } finally {
            connected = null;
        }
    }

    /** Returns why it ended. */
    private String converse(SocketChannel probe, ByteBuffer bytes) {
        FrameDecoder decoder = new FrameDecoder();
        boolean greetedNow = false;
        try {
            while (probe.read(bytes) >= 0) {
                bytes.flip();
                ProbeFrame frame;
                while ((frame = decoder.next(bytes)) != null) {
                    if (frame instanceof FrameProblem problem) {
                        return "it sent " + problem.reason();
                    }
                    if (!greetedNow && !(frame instanceof ProbeFrame.Hello)) {
                        return "its first frame was not HELLO";
                    }
                    greetedNow = true;
                    hand(frame, probe);
                }
                bytes.compact();
            }
            return "it closed the connection";
        } catch (IOException broken) {
            return closed ? "the engine stops" : "the connection broke: " + broken.getMessage();
        }
    }

    private void hand(ProbeFrame frame, SocketChannel probe) throws IOException {
        if (frame instanceof ProbeFrame.Hello) {
            synchronized (lock) {
                sendFilter(probe);
                greeted = probe;
            }
        }
        tell(() -> {
            switch (frame) {
                case ProbeEvent event -> listener.event(event);
                case ProbeFrame.Hello hello -> listener.hello(hello);
                case ProbeFrame.Armed armed -> listener.armed(armed);
                case ProbeFrame.Heartbeat heartbeat -> listener.heartbeat(heartbeat);
                case ProbeFrame.Refused refused -> listener.refused(refused);
                case ProbeFrame.Skipped skipped -> LOG.log(Level.DEBUG, "skipped a frame: {0}", skipped.why());
                case FrameProblem problem -> throw new IllegalStateException("ended the conversation before");
            }
        });
    }

    /** A listener that fails on one event must not blind us to the next, also when it lacks a thread or a stack. */
    @SuppressWarnings("CatchingUnchecked") // it is logged; nothing better can be done with a bug of ours here
    private static void tell(Runnable news) {
        try {
            news.run();
        } catch (Throwable bug) {
            logQuietly(Level.ERROR, "an event was lost to a bug in the engine", bug);
        }
    }

    /** Logging, too, may need what has just been found missing. */
    @SuppressWarnings({"CatchingUnchecked", "EmptyCatch"})
    private static void logQuietly(Level level, String what, Throwable why) {
        try {
            LOG.log(level, what, why);
        } catch (Throwable evenThat) {
            // to see is more important than to say so
        }
    }

    private void sendFilter(SocketChannel probe) throws IOException {
        ByteBuffer frame = FrameEncoder.filter(filter, generation);
        while (frame.hasRemaining()) {
            probe.write(frame);
        }
    }

    private static UserPrincipal peerOf(SocketChannel probe) throws IOException {
        UnixDomainPrincipal peer = probe.getOption(ExtendedSocketOptions.SO_PEERCRED);
        return peer.user();
    }

    private static void prepareDirectory(Path socket) throws IOException {
        Path directory = directoryOf(socket);
        Set<PosixFilePermission> ownerOnly = PosixFilePermissions.fromString("rwx------");
        if (!Files.exists(directory)) {
            Files.createDirectories(directory, PosixFilePermissions.asFileAttribute(ownerOnly));
        }
        Set<PosixFilePermission> found = Files.getPosixFilePermissions(directory, LinkOption.NOFOLLOW_LINKS);
        EnumSet<PosixFilePermission> others = EnumSet.copyOf(found);
        others.removeAll(ownerOnly);
        if (!others.isEmpty()) {
            throw new IOException(directory + " lets others in (" + PosixFilePermissions.toString(found)
                    + "), expected rwx------: chmod 700 it, or name another directory for the probe's socket");
        }
    }

    private static Path directoryOf(Path socket) {
        return Optional.ofNullable(socket.toAbsolutePath().getParent())
                .orElseThrow(() -> new IllegalArgumentException("the probe's socket cannot be the root directory"));
    }

    private static void closeQuietly(AutoCloseable channel) {
        try {
            channel.close();
        } catch (Exception ignored) {
            LOG.log(Level.DEBUG, "while closing the probe''s socket", ignored);
        }
    }
}
