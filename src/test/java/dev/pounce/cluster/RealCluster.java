package dev.pounce.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The cluster that {@code KUBECONFIG} names, for the tests of one class, which get a namespace of their own. Without one they
 * are left out, and that is said ({@code ci/test} brings one up).
 *
 * <p>To be held in a static field with {@code @RegisterExtension}.
 */
public final class RealCluster implements ExecutionCondition, BeforeAllCallback, AfterAllCallback {

    public static final String IMAGE = "registry.local/busybox:1";

    private static final AtomicInteger NAMESPACES = new AtomicInteger();
    private static final String RUN = Long.toString(ProcessHandle.current().pid(), 36);

    private final String namespace = "pounce-it-" + RUN + "-" + NAMESPACES.incrementAndGet();
    private @Nullable ClusterAccess access;

    public static Optional<Path> kubeconfig() {
        return Optional.ofNullable(System.getenv("KUBECONFIG")).map(Path::of).filter(Files::isReadable);
    }

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        if (kubeconfig().isPresent()) {
            return ConditionEvaluationResult.enabled("KUBECONFIG names a cluster");
        }
        if (context.getTestMethod().isEmpty()) {
            System.out.println("left out: " + context.getDisplayName() + " needs a cluster, and KUBECONFIG names none");
        }
        return ConditionEvaluationResult.disabled("KUBECONFIG names no cluster");
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        access = ClusterAccess.open(kubeconfig(), "test", Clock.systemUTC());
        kubectlAnywhere("create", "namespace", namespace);
        until(
                "service account",
                () -> tryKubectl("-n", namespace, "get", "serviceaccount", "default")
                                .exit()
                        == 0);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        tryKubectl("delete", "namespace", namespace, "--wait=false");
        access().close();
    }

    public ClusterAccess access() {
        if (access == null) {
            throw new IllegalStateException("the tests have not begun");
        }
        return access;
    }

    /** Of this class of tests alone. */
    public String namespace() {
        return namespace;
    }

    /** What it prints. Fails with what it says when it fails. */
    public String kubectl(String... arguments) {
        List<String> all = new ArrayList<>(List.of("-n", namespace));
        all.addAll(List.of(arguments));
        return kubectlAnywhere(all.toArray(String[]::new));
    }

    public static String kubectlAnywhere(String... arguments) {
        Ran ran = tryKubectl(arguments);
        if (ran.exit() != 0) {
            throw new AssertionError("kubectl " + String.join(" ", arguments) + ": " + ran.said());
        }
        return ran.said().strip();
    }

    /** Defines our own resources. Returns those that were not there, for {@link #forget}. */
    public static List<String> define() {
        List<String> missing = new ArrayList<>();
        for (ApiPath path : List.of(OwnResources.ACTION_SETS, OwnResources.CONTAINMENTS)) {
            String name = path.resource() + "." + path.group();
            if (tryKubectl("get", "crd", name).exit() != 0) {
                missing.add(name);
            }
        }
        if (!missing.isEmpty()) {
            kubectlAnywhere("apply", "--server-side", "-f", "k8s/chart/pounce/crds/pounce.yaml");
            missing.forEach(
                    name -> kubectlAnywhere("wait", "--for=condition=Established", "crd/" + name, "--timeout=30s"));
        }
        return missing;
    }

    public static void forget(List<String> defined) {
        defined.forEach(name -> kubectlAnywhere("delete", "crd", name, "--timeout=30s"));
    }

    public void apply(String yaml) {
        try {
            Path file = Files.createTempFile("pounce-it", ".yaml");
            Files.writeString(file, yaml);
            kubectl("apply", "-f", file.toString());
            Files.delete(file);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /**
     * A pod that sleeps on the real node, once it is ready. Returns its uid.
     *
     * @param labels such as {@code app=web}, with commas between
     */
    public String pod(String name, String labels) {
        kubectl(
                "run",
                name,
                "--image=" + IMAGE,
                "--image-pull-policy=Never",
                "--labels=" + labels,
                "--command",
                "--",
                "sleep",
                "3600");
        kubectl("wait", "--for=condition=Ready", "pod/" + name, "--timeout=60s");
        return kubectl("get", "pod", name, "-o", "jsonpath={.metadata.uid}");
    }

    /** One that no node ever runs, for what only the API server decides. Returns its uid. */
    public String unscheduled(String name, String labels) {
        kubectl(
                "run",
                name,
                "--image=" + IMAGE,
                "--labels=" + labels,
                "--overrides",
                "{\"spec\":{\"schedulerName\":\"nobody\"}}");
        return kubectl("get", "pod", name, "-o", "jsonpath={.metadata.uid}");
    }

    /** Looks again and again; fails after a minute. */
    public static void until(String what, BooleanSupplier holds) {
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (!holds.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("timed out: " + what);
            }
            Thread.onSpinWait();
        }
    }

    public record Ran(int exit, String said) {}

    public static Ran tryKubectl(String... arguments) {
        List<String> command = new ArrayList<>(List.of("kubectl"));
        command.addAll(List.of(arguments));
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), UTF_8);
            return new Ran(process.waitFor(), said);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(ending);
        }
    }
}
