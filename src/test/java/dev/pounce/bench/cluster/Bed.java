package dev.pounce.bench.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * What one measurement needs: a namespace of its own in the cluster of {@code KUBECONFIG}, a watch on it, and engines. Nothing
 * is left of it when it is closed, however that comes.
 */
final class Bed implements AutoCloseable {

    static final String TERMINATE = "Bench terminate";

    static final String ISOLATE = "Bench isolate";
    static final String ISOLATE_BY_POLICY = "Bench isolate by policy";

    /** Of the senders, in every measurement with more than one. */
    static final int IN_FLIGHT = 50;

    private final Path pounce;
    private final Path work;
    private final Path kubeconfig;
    private final Path sets;
    private final ApiServer api;
    private final String namespace;
    private final PodWatch watch;
    private final List<MeasuredEngine> engines = new CopyOnWriteArrayList<>();

    private Bed(Path pounce, Path work) throws IOException, InterruptedException, GeneralSecurityException {
        this.pounce = pounce;
        this.work = work;
        this.kubeconfig = Path.of(System.getenv("KUBECONFIG"));
        this.sets = Files.createDirectories(work).resolve("sets.yaml");
        Files.writeString(sets, actionSets());
        this.api = ApiServer.of(kubeconfig);
        this.namespace = "pounce-bench-" + Long.toString(ProcessHandle.current().pid(), 36);
        this.watch = new PodWatch(api, namespace);
    }

    /** It is closed when the program ends, or is ended. */
    static Bed make(Path pounce, Path work) throws IOException, InterruptedException, GeneralSecurityException {
        Bed bed = new Bed(pounce, work);
        Runtime.getRuntime().addShutdownHook(new Thread(bed::close));
        bed.api.create("/api/v1/namespaces", "{\"metadata\": {\"name\": \"" + bed.namespace + "\"}}");
        String accounts = "/api/v1/namespaces/" + bed.namespace + "/serviceaccounts";
        while (bed.api.get(accounts).path("items").isEmpty()) {
            Thread.sleep(20); // no pod is admitted before
        }
        return bed;
    }

    private static String actionSets() {
        String form = """
                ---
                apiVersion: pounce.dev/v1
                kind: ActionSet
                metadata: { name: %s }
                spec:
                  mode: enforce
                  when: { detection: { rules: [%s] } }
                  steps: [{ id: answer, %s }]
                """;
        StringBuilder yaml = new StringBuilder(form.formatted(
                "terminate", TERMINATE, "pod.terminate: { grace: 0s, ignoreStandalone: false }, within: 30m"));
        String lease = "for: " + Isolation.LEASE_SECONDS + "s";
        yaml.append(form.formatted("isolate", ISOLATE, "pod.isolate: { " + lease + " }"));
        yaml.append(form.formatted("policy", ISOLATE_BY_POLICY, "pod.isolate: { by: policy, " + lease + " }"));
        for (Label label : Label.allOf(List.of("any"))) {
            yaml.append(form.formatted(
                    label.key(), label.rule(), "pod.label: { labels: { " + label.key() + ": \"true\" } }"));
        }
        return yaml.toString();
    }

    ApiServer api() {
        return api;
    }

    String namespace() {
        return namespace;
    }

    PodWatch watch() {
        return watch;
    }

    /** One for alerts alone that has just been started; ended with the bed at the latest. */
    MeasuredEngine startEngine(String state) throws IOException {
        return startEngine(state, Map.of(), "--no-probe");
    }

    /** One that watches its node, too. */
    MeasuredEngine startAgent(String state, String node) throws IOException {
        return startEngine(state, Map.of("HOSTNAME", node));
    }

    private MeasuredEngine startEngine(String state, Map<String, String> environment, String... options)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                pounce.toString(), "run", "--mode=enforce", "--kubeconfig=" + kubeconfig, "--actionsets=" + sets));
        command.addAll(List.of(options));
        MeasuredEngine engine = MeasuredEngine.start(command, environment, work.resolve(state));
        engines.add(engine);
        return engine;
    }

    /** For whatever a measurement needs to write. */
    Path file(String name) {
        return work.resolve(name);
    }

    /** Pods that nobody ever runs: enough for what only the API server decides. Returns their names. */
    List<String> pods(String prefix, int count) throws IOException, InterruptedException {
        return pods(prefix, count, number -> "");
    }

    /** @param more of their specification, by their numbers: JSON with a comma at its end */
    List<String> pods(String prefix, int count, IntFunction<String> more) throws IOException, InterruptedException {
        List<Integer> numbers = IntStream.range(0, count).boxed().toList();
        forAll(
                numbers,
                number -> api.create(ApiServer.pods(namespace), """
                {"metadata": {"name": "%1$s-%2$d", "labels": {"app": "%1$s"}},
                 "spec": {%3$s "schedulerName": "nobody", "terminationGracePeriodSeconds": 0,
                          "containers": [{"name": "app", "image": "registry.local/busybox:1"}]}}
                """.formatted(prefix, number, more.apply(number))));
        Thread.sleep(1_000); // their age is known by the second, and an alert is not about what was made after it
        return numbers.stream().map(number -> prefix + "-" + number).toList();
    }

    CompletableFuture<Long> effect(Label label) {
        return watch.effect(label.pod(), label.key());
    }

    void alert(MeasuredEngine engine, Label label) throws IOException, InterruptedException {
        engine.alert(label.rule(), namespace, label.pod());
    }

    interface For<T> {
        void each(T one) throws IOException, InterruptedException;
    }

    /** In this order, fifty at once. */
    static <T> void forAll(List<T> all, For<T> task) throws IOException, InterruptedException {
        forAll(all, IN_FLIGHT, task);
    }

    static <T> void forAll(List<T> all, int atOnce, For<T> task) throws IOException, InterruptedException {
        List<Callable<Void>> tasks = new ArrayList<>();
        for (T one : all) {
            tasks.add(() -> {
                task.each(one);
                return null;
            });
        }
        try (ExecutorService senders =
                Executors.newFixedThreadPool(atOnce, Thread.ofVirtual().factory())) {
            for (Future<Void> each : senders.invokeAll(tasks)) {
                each.get();
            }
        } catch (ExecutionException failed) {
            throw new IOException(failed.getCause());
        }
    }

    /**
     * Waits until all is seen, or nothing more was for half a minute. Returns the moments of what was seen.
     */
    static List<Long> seen(List<CompletableFuture<Long>> effects) throws InterruptedException {
        List<Long> moments = new ArrayList<>();
        for (CompletableFuture<Long> effect : effects) {
            await(effects, effect);
            if (effect.isDone()) {
                moments.add(effect.resultNow());
            }
        }
        return moments;
    }

    private static void await(List<CompletableFuture<Long>> effects, CompletableFuture<Long> effect)
            throws InterruptedException {
        long before = -1;
        while (before < count(effects)) {
            before = count(effects);
            try {
                effect.get(30, TimeUnit.SECONDS);
                return;
            } catch (TimeoutException late) {
                // as long as others are seen, this one may still be
            } catch (ExecutionException impossible) {
                throw new IllegalStateException(impossible);
            }
        }
    }

    static long count(List<CompletableFuture<Long>> effects) {
        return effects.stream().filter(CompletableFuture::isDone).count();
    }

    /** A line about what takes long. */
    static void progress(String text) {
        System.err.println("       " + text);
    }

    @Override
    public void close() {
        engines.forEach(MeasuredEngine::close);
        try {
            watch.close();
            api.delete("/api/v1/namespaces/" + namespace);
            api.delete("/api/v1/nodes?labelSelector=pounce-bench=" + namespace);
            JsonNode left = api.get("/api/v1/namespaces?fieldSelector=metadata.name=" + namespace);
            for (int look = 0; !left.path("items").isEmpty(); look++) {
                if (look % 100 == 99) {
                    progress("the namespace " + namespace + " is being emptied");
                }
                Thread.sleep(100);
                left = api.get("/api/v1/namespaces?fieldSelector=metadata.name=" + namespace);
            }
        } catch (IOException broken) {
            System.err.println("the namespace " + namespace + " may be left: " + broken);
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        }
    }
}
