package dev.pounce.intake;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.SSLOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** An address at which an HTTP server of one event loop listens, with the certificate that is in its files. */
final class Endpoint {

    private static final long PATIENCE_SECONDS = 10;
    private static final Logger LOG = Logger.getLogger(Endpoint.class);

    /** What is in the files. */
    private record Pem(String certificate, String key, Optional<String> clients) {

        static Pem read(Listening.Tls tls) throws IOException {
            return new Pem(
                    read(tls.certificate()),
                    read(tls.key()),
                    tls.clients().isPresent() ? Optional.of(read(tls.clients().get())) : Optional.empty());
        }

        private static String read(Path file) throws IOException {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        }

        PemKeyCertOptions options() {
            return new PemKeyCertOptions().setCertValue(buffer(certificate)).setKeyValue(buffer(key));
        }

        Optional<PemTrustOptions> trust() {
            return clients.map(pem -> new PemTrustOptions().addCertValue(buffer(pem)));
        }

        private static Buffer buffer(String pem) {
            return Buffer.buffer(pem, StandardCharsets.ISO_8859_1.name());
        }
    }

    private final InetSocketAddress address;
    private final Optional<Listening.Tls> tls;
    private final Context loop;
    private volatile @Nullable HttpServer server;

    private Optional<Pem> judged = Optional.empty(); // guarded by this
    private Optional<Pem> lastSeen = Optional.empty(); // guarded by this

    /** @param tls empty for plain HTTP */
    Endpoint(Vertx vertx, InetSocketAddress address, Optional<Listening.Tls> tls) {
        this.loop = vertx.getOrCreateContext();
        this.address = address;
        this.tls = tls;
    }

    Context loop() {
        return loop;
    }

    /**
     * Listens until closed.
     *
     * @param backlog of connections that are not accepted yet
     * @param handlers gives the server its own, on the loop
     * @throws IOException when the address cannot be listened on, or the certificate not be used
     */
    synchronized void open(int backlog, Consumer<HttpServer> handlers) throws IOException {
        HttpServerOptions options = new HttpServerOptions()
                .setHost(address.getAddress().getHostAddress())
                .setPort(address.getPort())
                .setHttp2ClearTextEnabled(false) // one request at a time on a connection
                .setUseAlpn(false)
                .setPerFrameWebSocketCompressionSupported(false)
                .setPerMessageWebSocketCompressionSupported(false)
                .setTcpNoDelay(true)
                .setAcceptBacklog(backlog)
                .setMaxHeaderSize(8_192)
                .setMaxInitialLineLength(4_096);
        if (tls.isPresent()) {
            Pem pem = pem(tls.get());
            judged = Optional.of(pem);
            lastSeen = judged;
            options.setSsl(true).setKeyCertOptions(pem.options());
            pem.trust().ifPresent(trust -> options.setTrustOptions(trust).setClientAuth(ClientAuth.REQUIRED));
        }
        Promise<HttpServer> listens = Promise.promise();
        loop.runOnContext(go -> {
            HttpServer made = loop.owner().createHttpServer(options);
            handlers.accept(made);
            server = made;
            made.listen().onComplete(listens);
        });
        try {
            await(listens.future());
        } catch (ExecutionException refused) {
            throw new IOException("cannot listen on " + address + ": " + why(refused), refused);
        }
    }

    private Pem pem(Listening.Tls files) throws IOException {
        try {
            return Pem.read(files);
        } catch (IOException unreadable) {
            throw new IOException("cannot listen on " + address + ": " + unreadable, unreadable);
        }
    }

    /** As it turned out to be. Any thread. */
    int port() {
        HttpServer listens = server;
        return listens == null ? 0 : listens.actualPort();
    }

    /**
     * Takes another certificate when one has been in the files for two looks in a row. One that cannot be used is said once, and the
     * one before stays. Blocks for the files.
     */
    synchronized void renew() {
        HttpServer listens = server;
        if (tls.isEmpty() || listens == null) {
            return;
        }
        Optional<Pem> now;
        try {
            now = Optional.of(Pem.read(tls.get()));
        } catch (IOException unreadable) {
            now = Optional.empty();
        }
        boolean settled = now.equals(lastSeen);
        lastSeen = now;
        if (!settled || now.equals(judged)) {
            return;
        }
        judged = now;
        try {
            if (now.isEmpty()) {
                LOG.errorv(
                        "{0} or what belongs to it cannot be read: the certificate from before stays",
                        tls.get().certificate());
            } else if (await(listens.updateSSLOptions(sslOptions(now.get())))) {
                LOG.infov(
                        "The certificate in {0} has changed and is in use now",
                        tls.get().certificate());
            }
        } catch (IOException | ExecutionException unusable) {
            LOG.errorv(
                    "The certificate in {0} cannot be used, and the one from before stays: {1}",
                    tls.get().certificate(), why(unusable));
        }
    }

    private static SSLOptions sslOptions(Pem pem) {
        SSLOptions options = new SSLOptions().setKeyCertOptions(pem.options());
        pem.trust().ifPresent(options::setTrustOptions);
        return options;
    }

    /** @param before the end, on the loop */
    void close(Runnable before) {
        Promise<Void> closed = Promise.promise();
        loop.runOnContext(go -> {
            before.run();
            HttpServer listens = server;
            if (listens == null) {
                closed.complete();
            } else {
                listens.close().onComplete(closed);
            }
        });
        try {
            await(closed.future());
        } catch (IOException | ExecutionException broken) {
            throw new IllegalStateException("the server on " + address + " could not be closed", broken);
        }
    }

    private static String why(Exception failed) {
        Throwable cause = failed.getCause() == null ? failed : failed.getCause();
        return String.valueOf(cause.getMessage());
    }

    private static <T> T await(Future<T> future) throws IOException, ExecutionException {
        try {
            return future.toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException late) {
            throw new IOException("the event loop did not answer within " + PATIENCE_SECONDS + " s", late);
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", hurried);
        }
    }
}
