package dev.pounce.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Follows all resources of one of our own kinds, which belong to the whole cluster and are few. */
public final class OwnResources implements AutoCloseable {

    /** Of one kind; beyond it nothing is known of any, and {@link #problem} says so. */
    private static final int MOST = 10_000;

    public static final ApiPath ACTION_SETS = ApiPath.of("pounce.dev", "v1", "actionsets");
    public static final ApiPath CONTAINMENTS = ApiPath.of("pounce.dev", "v1", "containments");

    private final Feed<JsonNode> feed;
    private final ScheduledExecutorService watchdog = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("resources-watchdog").factory());

    /** Guarded by itself. */
    private final Map<String, JsonNode> all = new HashMap<>();

    private final Consumer<Map<String, JsonNode>> changed;

    private OwnResources(
            ClusterAccess access, ApiPath path, Consumer<Map<String, JsonNode>> changed, Consumer<JsonNode> removed) {
        this.changed = changed;
        this.feed = new Feed<>(
                access.client().getHttpClient(),
                access.client().getConfiguration().getMasterUrl(),
                path,
                Optional.empty(),
                one -> one,
                Feed.Sink.of(
                        listed -> change(() -> {
                            all.clear();
                            listed.forEach(one -> all.put(name(one), one));
                        }),
                        one -> change(() -> all.put(name(one), one)),
                        one -> {
                            removed.accept(one);
                            change(() -> all.remove(name(one)));
                        }),
                MOST,
                System::nanoTime);
    }

    /**
     * Begins to follow; returns at once.
     *
     * @param path of the whole kind
     * @param changed gets all there are, by name, after each change; called on the follower's thread, which may be kept busy
     */
    public static OwnResources follow(ClusterAccess access, ApiPath path, Consumer<Map<String, JsonNode>> changed) {
        return follow(access, path, changed, one -> {});
    }

    /**
     * The same.
     *
     * @param removed gets each that goes as it was last, before {@code changed} is called without it; not what goes unseen,
     *     because the server has forgotten meanwhile where we were
     */
    public static OwnResources follow(
            ClusterAccess access, ApiPath path, Consumer<Map<String, JsonNode>> changed, Consumer<JsonNode> removed) {
        OwnResources resources = new OwnResources(access, path, changed, removed);
        resources.feed.start();
        @SuppressWarnings("unused") // ends with the executor
        Object regular =
                resources.watchdog.scheduleWithFixedDelay(resources.feed::endWhenSilent, 5, 5, TimeUnit.SECONDS);
        return resources;
    }

    /** Why they are not known; empty while all is well. */
    public String problem() {
        return feed.problem();
    }

    private void change(Runnable change) {
        Map<String, JsonNode> now;
        synchronized (all) {
            change.run();
            now = Map.copyOf(all);
        }
        changed.accept(now);
    }

    private static String name(JsonNode one) {
        return one.path("metadata").path("name").asText();
    }

    @Override
    public void close() {
        watchdog.shutdownNow();
        feed.close();
    }
}
