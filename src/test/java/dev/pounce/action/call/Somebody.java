package dev.pounce.action.call;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Answers what it is told to, in turn, and remembers what it heard. */
final class Somebody implements AutoCloseable {

    /** @param headers by name in small letters */
    record Heard(String method, String target, Map<String, String> headers, String body) {}

    private record Reply(int code, Map<String, String> headers, String body) {}

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Queue<Reply> replies = new ArrayDeque<>();
    private final List<Heard> heard = new ArrayList<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private boolean silent;

    Somebody() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    String url(String path) {
        return "http://127.0.0.1:" + server.getAddress().getPort() + path;
    }

    void answers(int code, Map<String, String> headers) {
        answers(code, headers, "");
    }

    synchronized void answers(int code, Map<String, String> headers, String body) {
        replies.add(new Reply(code, headers, body));
    }

    synchronized void answersNever() {
        silent = true;
    }

    synchronized List<Heard> heard() {
        return List.copyOf(heard);
    }

    private void answer(HttpExchange exchange) throws IOException {
        Map<String, String> headers = new TreeMap<>();
        exchange.getRequestHeaders()
                .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values.getFirst()));
        String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
        Reply reply;
        boolean never;
        synchronized (this) {
            heard.add(new Heard(
                    exchange.getRequestMethod(), exchange.getRequestURI().toString(), headers, body));
            reply = replies.poll();
            never = silent;
        }
        if (never) {
            try {
                closed.await();
            } catch (InterruptedException ending) {
                Thread.currentThread().interrupt();
            }
            return;
        }
        Reply sent = reply == null ? new Reply(500, Map.of(), "nothing was prepared") : reply;
        sent.headers().forEach(exchange.getResponseHeaders()::set);
        byte[] bytes = sent.body().getBytes(UTF_8);
        exchange.sendResponseHeaders(sent.code(), bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
