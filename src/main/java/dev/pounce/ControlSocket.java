package dev.pounce;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jboss.logging.Logger;

/**
 * Where commands ask the running engine: a Unix socket in the state directory, which only its owner may enter. A question
 * is one line, the answer is one line of JSON, then the connection ends.
 *
 * <p>Answers are made on a virtual thread per connection; they must not block for long.
 */
public final class ControlSocket implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(ControlSocket.class);

    private static final String UNKNOWN = "{\"error\":\"unknown question\"}";

    private final Path path;
    private final ServerSocketChannel server;
    private final Map<String, Supplier<String>> answers;
    private final Map<String, UnaryOperator<String>> commands;

    private ControlSocket(
            Path path,
            ServerSocketChannel server,
            Map<String, Supplier<String>> answers,
            Map<String, UnaryOperator<String>> commands) {
        this.path = path;
        this.server = server;
        this.answers = Map.copyOf(answers);
        this.commands = Map.copyOf(commands);
    }

    /**
     * Listens until closed. A socket that an engine left behind when it was killed is replaced; the caller holds the
     * lock of the state directory, so no living engine's is.
     */
    static ControlSocket listen(Path state, Map<String, Supplier<String>> answers) throws IOException {
        return listen(state, answers, Map.of());
    }

    /** @param commands by their first word; each gets what stands behind it */
    static ControlSocket listen(
            Path state, Map<String, Supplier<String>> answers, Map<String, UnaryOperator<String>> commands)
            throws IOException {
        Path path = state.resolve("control.sock");
        Files.deleteIfExists(path);
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(path));
        ControlSocket socket = new ControlSocket(path, server, answers, commands);
        Thread.ofVirtual().name("control").start(socket::acceptAll);
        return socket;
    }

    /** Asks the engine of a state directory; empty when none is running. */
    public static Optional<String> ask(Path state, String question) {
        Path path = state.resolve("control.sock");
        if (!Files.exists(path)) {
            return Optional.empty();
        }
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            Channels.newOutputStream(channel).write((question + "\n").getBytes(StandardCharsets.UTF_8));
            return Optional.ofNullable(lineFrom(channel));
        } catch (IOException nobodyListens) {
            return Optional.empty();
        }
    }

    private void acceptAll() {
        while (server.isOpen()) {
            try {
                SocketChannel client = server.accept();
                Thread.ofVirtual().name("control-answer").start(() -> answer(client));
            } catch (ClosedChannelException closed) {
                return;
            } catch (IOException broken) {
                LOG.warnv(broken, "The control socket cannot accept; commands will find no engine");
                return;
            }
        }
    }

    private void answer(SocketChannel client) {
        try (client) {
            String question = lineFrom(client);
            String answer = question == null ? UNKNOWN : answerTo(question);
            Channels.newOutputStream(client).write((answer + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException gone) {
            LOG.debugv(gone, "A command went away before it had its answer");
        }
    }

    private String answerTo(String question) {
        Supplier<String> known = answers.get(question);
        if (known != null) {
            return known.get();
        }
        int space = question.indexOf(' ');
        UnaryOperator<String> command = space < 0 ? null : commands.get(question.substring(0, space));
        return command == null ? UNKNOWN : command.apply(question.substring(space + 1));
    }

    private static @org.jspecify.annotations.Nullable String lineFrom(SocketChannel channel) throws IOException {
        return new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8)).readLine();
    }

    @Override
    public void close() {
        try {
            server.close();
            Files.deleteIfExists(path);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
