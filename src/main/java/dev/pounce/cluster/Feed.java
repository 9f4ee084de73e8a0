package dev.pounce.cluster;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpResponse;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Follows all objects of one kind: lists them page by page, then watches what changes, and begins again when the server has
 * forgotten where we were. A thread of its own, which may be virtual.
 *
 * <p>A watch is asked for for a short time only, so that one that has silently gone dead is noticed by its silence.
 *
 * <p>Source: "Efficient detection of changes" in the API concepts of Kubernetes.
 */
final class Feed<T> implements AutoCloseable {

    /** What we know is at most that old, in a calm cluster, too. */
    static final Duration WATCH = Duration.ofSeconds(40);

    static final Duration SILENCE = WATCH.plusSeconds(10);
    private static final Duration ANSWER = Duration.ofSeconds(15);
    private static final int PAGE = 500;
    private static final int GONE = 410;
    private static final int LONGEST_PAUSE_SECONDS = 15;

    /** Where objects go. */
    interface Sink<T> {
        void replace(Collection<T> all);

        void put(T one);

        void remove(T one);

        static <T> Sink<T> of(Consumer<Collection<T>> replace, Consumer<T> put, Consumer<T> remove) {
            return new Sink<>() {
                @Override
                public void replace(Collection<T> all) {
                    replace.accept(all);
                }

                @Override
                public void put(T one) {
                    put.accept(one);
                }

                @Override
                public void remove(T one) {
                    remove.accept(one);
                }
            };
        }
    }

    private final HttpClient http;
    private final String master;
    private final String resource;
    private final ApiPath path;
    private final Optional<String> fields;
    private final Function<JsonNode, T> reader;
    private final Sink<T> sink;
    private final int most;
    private final LongSupplier nanos;
    private final Thread thread;

    private volatile boolean closed;
    private volatile boolean synced;
    private volatile long heardNanos;
    private volatile long answeredNanos;
    private volatile String problem = "its first list is under way";
    private volatile @Nullable InputStream open;
    private volatile int objects;
    private String version = ""; // the thread's own: what the server goes on from; empty for a list

    /**
     * @param fields a field selector; empty for all objects
     * @param reader whose result keeps nothing of the JSON
     * @param most objects of the kind that are kept; when there are more, nothing is known of any
     */
    Feed(
            HttpClient http,
            String master,
            ApiPath path,
            Optional<String> fields,
            Function<JsonNode, T> reader,
            Sink<T> sink,
            int most,
            LongSupplier nanos) {
        this.http = http;
        this.master = master.endsWith("/") ? master.substring(0, master.length() - 1) : master;
        this.resource = path.resource();
        this.path = path;
        this.fields = fields;
        this.reader = reader;
        this.sink = sink;
        this.most = most;
        this.nanos = nanos;
        this.heardNanos = nanos.getAsLong();
        this.thread = Thread.ofVirtual().name("follows-" + resource).unstarted(this::follow);
    }

    void start() {
        thread.start();
    }

    String resource() {
        return resource;
    }

    boolean isSynced() {
        return synced;
    }

    /** Since the server was last heard of: an object, a bookmark, or the regular end of a watch. */
    Duration silence() {
        return Duration.ofNanos(nanos.getAsLong() - heardNanos);
    }

    /** Empty while all is well. */
    String problem() {
        return problem;
    }

    /** As of the last list. */
    int objects() {
        return objects;
    }

    /** Ends a connection over which nothing comes any more. Called from time to time by another thread. */
    void endWhenSilent() {
        InputStream stream = open;
        // An answer that began a moment ago is not the one that went silent
        Duration answered = Duration.ofNanos(nanos.getAsLong() - answeredNanos);
        if (stream != null && silence().compareTo(SILENCE) > 0 && answered.compareTo(SILENCE) > 0) {
            close(stream);
        }
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        InputStream stream = open;
        if (stream != null) {
            close(stream);
        }
    }

    private static void close(InputStream stream) {
        try {
            stream.close();
        } catch (IOException already) {
            // which is what was wanted
        }
    }

    /** The version that the server goes on from is not known to it any more. */
    private static final class Expired extends Exception {
        private static final long serialVersionUID = 1;
    }

    private void follow() {
        int failures = 0;
        while (!closed) {
            try {
                if (version.isEmpty()) {
                    list();
                }
                watch();
                failures = 0;
            } catch (Expired tooOld) {
                version = "";
                if (!pause(1)) {
                    return;
                }
            } catch (InterruptedException ending) {
                return;
            } catch (IOException | RuntimeException failed) {
                problem =
                        String.valueOf(Optional.ofNullable(failed.getMessage()).orElse(failed.toString()));
                failures++;
                if (!pause(failures)) {
                    return;
                }
            }
        }
    }

    private boolean pause(int failures) {
        try {
            long seconds = Math.min(LONGEST_PAUSE_SECONDS, 1L << Math.min(failures - 1, 5));
            Thread.sleep(seconds * 500 + ThreadLocalRandom.current().nextLong(seconds * 500));
            return !closed;
        } catch (InterruptedException ending) {
            return false;
        }
    }

    private void list() throws IOException, InterruptedException, Expired {
        List<T> all = new ArrayList<>();
        String token = "";
        String listed = "";
        do {
            Request request = all().with("limit", Integer.toString(PAGE));
            request = token.isEmpty() ? request : request.with("continue", token);
            InputStream body = ask(request);
            boolean whole = false;
            try {
                JsonNode metadata = Slim.list(body, item -> all.add(reader.apply(item)));
                whole = true;
                listed = metadata.path("resourceVersion").asText("");
                token = metadata.path("continue").asText("");
            } finally {
                end(body, whole);
            }
            if (all.size() > most) {
                synced = false;
                throw new IOException("there are more than " + most + " " + resource);
            }
        } while (!token.isEmpty());
        sink.replace(all);
        objects = all.size();
        heard();
        synced = true;
        version = listed;
    }

    private Request all() {
        Request all = Request.get(path);
        return fields.map(selector -> all.with("fieldSelector", selector)).orElse(all);
    }

    private void watch() throws IOException, InterruptedException, Expired {
        Request request = all().with("watch", "true")
                .with("allowWatchBookmarks", "true")
                .with("resourceVersion", version)
                .with("timeoutSeconds", Long.toString(WATCH.toSeconds()));
        InputStream body = ask(request);
        boolean whole = false;
        try (JsonParser parser = Slim.parser(body)) {
            heard();
            while (!closed && parser.nextToken() == JsonToken.START_OBJECT) {
                JsonNode event = Slim.read(parser);
                JsonNode object = event.path("object");
                String type = event.path("type").asText();
                if (type.equals("ERROR")) {
                    if (object.path("code").asInt() == GONE) {
                        throw new Expired();
                    }
                    throw new IOException("the API server ends the watch: "
                            + object.path("reason").asText("for no reason that it tells"));
                }
                if (type.equals("DELETED")) {
                    sink.remove(reader.apply(object));
                } else if (!type.equals("BOOKMARK")) {
                    sink.put(reader.apply(object));
                }
                version = object.path("metadata").path("resourceVersion").asText(version);
                heard();
            }
            whole = parser.currentToken() == null; // it had its time
            heard();
        } finally {
            end(body, whole);
        }
    }

    /**
     * Closing means to the client to break the connection, and one whose answer was read to its end may be carrying somebody
     * else's by then.
     */
    private void end(InputStream body, boolean whole) {
        open = null;
        if (!whole) {
            close(body);
        }
    }

    private void heard() {
        heardNanos = nanos.getAsLong();
        problem = "";
    }

    private InputStream ask(Request request) throws IOException, InterruptedException, Expired {
        CompletableFuture<HttpResponse<InputStream>> answer = Api.stream(http, master, request);
        try {
            HttpResponse<InputStream> response = answer.get(ANSWER.toMillis(), TimeUnit.MILLISECONDS);
            if (!response.isSuccessful()) {
                Slim.drain(response.body());
            }
            if (response.code() == GONE) {
                throw new Expired();
            }
            if (!response.isSuccessful()) {
                throw new IOException(
                        response.code() == 403
                                ? "this engine may not list and watch " + resource
                                : "the API server answers HTTP " + response.code());
            }
            answeredNanos = nanos.getAsLong();
            open = response.body();
            if (closed) {
                close(response.body());
            }
            return response.body();
        } catch (TimeoutException late) {
            answer.cancel(true);
            throw new IOException("the API server did not answer in time");
        } catch (ExecutionException failed) {
            Throwable cause = failed.getCause() == null ? failed : failed.getCause();
            throw new IOException("the API server cannot be reached: "
                    + Optional.ofNullable(cause.getMessage()).orElse(cause.toString()));
        }
    }
}
