package dev.pounce.bench.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * Sees what happens to the pods of a namespace, and stamps it with {@link System#nanoTime}, as the sending is stamped: both are
 * read from one clock.
 */
final class PodWatch implements AutoCloseable {

    /** What is seen of a pod that is deleted, or is to be. A label is seen by its key. */
    static final String ENDING = "ending";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final InputStream stream;
    private final Map<String, CompletableFuture<Long>> seen = new ConcurrentHashMap<>();
    private final CopyOnWriteArrayList<Consumer<Change>> others = new CopyOnWriteArrayList<>();
    private volatile boolean closed;

    /** @param type ADDED, MODIFIED or DELETED */
    record Change(String type, JsonNode pod) {
        boolean isEnding() {
            return type.equals("DELETED") || pod.path("metadata").has("deletionTimestamp");
        }
    }

    PodWatch(ApiServer api, String namespace) throws IOException, InterruptedException {
        stream = api.watchPods(namespace);
        Thread.ofPlatform().daemon().name("watch").start(this::read);
    }

    /** Done when it is seen, with the moment. It may have been seen before. */
    CompletableFuture<Long> effect(String pod, String what) {
        return seen.computeIfAbsent(pod + " " + what, key -> new CompletableFuture<>());
    }

    /** Told of every change from now on, by one thread. */
    void tell(Consumer<Change> other) {
        others.add(other);
    }

    private void read() {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            while (true) {
                String line = lines.readLine();
                long now = System.nanoTime();
                if (line == null) {
                    throw new IOException("it ended");
                }
                JsonNode event = JSON.readTree(line);
                Change change = new Change(event.path("type").asText(), event.path("object"));
                if (change.type().equals("ERROR")) {
                    throw new IOException(line);
                }
                see(change, now);
            }
        } catch (IOException broken) {
            if (!closed) {
                System.err.println("the watch is of no use any more, and what comes is counted as lost: " + broken);
            }
        }
    }

    private void see(Change change, long now) {
        JsonNode metadata = change.pod().path("metadata");
        String pod = metadata.path("name").asText();
        metadata.path("labels").fieldNames().forEachRemaining(key -> effect(pod, key)
                .complete(now));
        if (change.isEnding()) {
            effect(pod, ENDING).complete(now);
        }
        others.forEach(other -> other.accept(change));
    }

    @Override
    public void close() throws IOException {
        closed = true;
        stream.close();
    }
}
