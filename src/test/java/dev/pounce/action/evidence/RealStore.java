package dev.pounce.action.evidence;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A store in a process of its own, with the bucket {@code evidence}, for the tests of one class. They are left out where {@code
 * POUNCE_STORES} names no folder with its program ({@code ci/stores} builds it).
 *
 * <p>To be held in a static field with {@code @RegisterExtension}.
 */
final class RealStore implements ExecutionCondition, BeforeAllCallback, AfterAllCallback {

    static final String BUCKET = "evidence";
    static final String ACCESS_KEY = "AKIDPOUNCETEST";
    static final String SECRET_KEY = "a-secret-that-only-tests/know+1";

    private final String program;
    private @Nullable Process process;
    private @Nullable Path folder;
    private int port;

    private RealStore(String program) {
        this.program = program;
    }

    /** Speaks S3 and checks every signature; its objects are files. */
    static RealStore s3() {
        return new RealStore("versitygw");
    }

    /** Speaks the JSON interface of Google Cloud Storage. */
    static RealStore google() {
        return new RealStore("fake-gcs-server");
    }

    private Optional<Path> binary() {
        return Optional.ofNullable(System.getenv("POUNCE_STORES"))
                .map(stores -> Path.of(stores).resolve(program))
                .filter(Files::isExecutable);
    }

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        if (binary().isPresent()) {
            return ConditionEvaluationResult.enabled("POUNCE_STORES has " + program);
        }
        if (context.getTestMethod().isEmpty()) {
            System.out.println(
                    "left out: " + context.getDisplayName() + " needs " + program + ", and POUNCE_STORES names none");
        }
        return ConditionEvaluationResult.disabled("POUNCE_STORES names no " + program);
    }

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        folder = Files.createTempDirectory("pounce-store");
        Files.createDirectories(bucket());
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        List<String> command = new ArrayList<>(List.of(binary().orElseThrow().toString()));
        command.addAll(
                program.equals("versitygw")
                        ? List.of("--quiet", "--port", "127.0.0.1:" + port, "posix", root().toString())
                        : List.of(
                                "-scheme",
                                "http",
                                "-host",
                                "127.0.0.1",
                                "-port",
                                "" + port,
                                "-backend",
                                "filesystem",
                                "-log-level",
                                "error",
                                "-filesystem-root",
                                root().toString()));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(
                        root().resolveSibling(root().getFileName() + ".log").toFile());
        builder.environment().putAll(Map.of("ROOT_ACCESS_KEY", ACCESS_KEY, "ROOT_SECRET_KEY", SECRET_KEY));
        process = builder.start();
        while (!answers()) {
            if (!process.isAlive()) {
                throw new AssertionError(program + " ended: "
                        + Files.readString(root().resolveSibling(root().getFileName() + ".log"), UTF_8));
            }
            Thread.onSpinWait();
        }
    }

    private boolean answers() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException notYet) {
            return false;
        }
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        if (process != null) {
            process.destroyForcibly();
        }
        Files.deleteIfExists(root().resolveSibling(root().getFileName() + ".log"));
        try (Stream<Path> all = Files.walk(root())) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    String address() {
        return "http://127.0.0.1:" + port;
    }

    private Path root() {
        if (folder == null) {
            throw new IllegalStateException("the tests have not begun");
        }
        return folder;
    }

    Path bucket() {
        return root().resolve(BUCKET);
    }

    /** What is in the bucket, by name. */
    Map<String, byte[]> objects() {
        Map<String, byte[]> objects = new TreeMap<>();
        try (Stream<Path> all = Files.walk(bucket())) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                objects.put(bucket().relativize(file).toString(), Files.readAllBytes(file));
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return objects;
    }
}
