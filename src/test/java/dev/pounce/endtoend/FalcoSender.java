package dev.pounce.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Falco, as far as an engine that listens can tell. */
final class FalcoSender {

    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final URI address;

    private FalcoSender(URI address) {
        this.address = address;
    }

    static FalcoSender to(RunningEngine engine) {
        return new FalcoSender(engine.address());
    }

    /** The alert is in the journal, with all that was planned for it, when this returns. */
    void send(FalcoAlert alert) {
        send(alert.text());
    }

    void send(String alert) {
        HttpRequest request = HttpRequest.newBuilder(address)
                .timeout(Duration.ofSeconds(20))
                .POST(HttpRequest.BodyPublishers.ofString(alert))
                .build();
        try {
            HttpResponse<String> answer = CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        } catch (IOException broken) {
            throw new AssertionError("no answer from " + address, broken);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", stopped);
        }
    }
}
