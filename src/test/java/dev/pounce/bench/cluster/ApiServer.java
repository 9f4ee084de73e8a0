package dev.pounce.bench.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pounce.cluster.Kubeconfig;
import dev.pounce.cluster.Request;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.internal.SSLUtils;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Optional;

/**
 * The API server as the meter asks it: by the JDK's own client, with no limit of any kind, and nothing is tried again. What is
 * not answered as it has to be ends the measurement.
 */
final class ApiServer {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient requests;
    private final HttpClient streams; // a connection of its own: what is watched does not wait behind answers
    private final String server;
    private final String authorization;

    private ApiServer(Config config) throws GeneralSecurityException, IOException {
        this.requests =
                HttpClient.newBuilder().sslContext(SSLUtils.sslContext(config)).build();
        this.streams =
                HttpClient.newBuilder().sslContext(SSLUtils.sslContext(config)).build();
        this.server = config.getMasterUrl().replaceAll("/$", "");
        this.authorization = Optional.ofNullable(config.getAutoOAuthToken())
                .map(token -> "Bearer " + token)
                .orElse("");
    }

    static ApiServer of(Path kubeconfig) throws GeneralSecurityException, IOException {
        return new ApiServer(Kubeconfig.read(kubeconfig));
    }

    JsonNode get(String path) throws IOException, InterruptedException {
        return JSON.readTree(text(path));
    }

    String text(String path) throws IOException, InterruptedException {
        HttpRequest request = to(path).GET().build();
        return good(request, requests.send(request, HttpResponse.BodyHandlers.ofString()));
    }

    void create(String path, String json) throws IOException, InterruptedException {
        send("POST", path, Request.JSON, json);
    }

    void patch(String path, String mergePatch) throws IOException, InterruptedException {
        send("PATCH", path, Request.MERGE_PATCH, mergePatch);
    }

    void delete(String path) throws IOException, InterruptedException {
        send("DELETE", path, Request.JSON, "");
    }

    private void send(String method, String path, String type, String body) throws IOException, InterruptedException {
        HttpRequest request = request(method, path, type, body);
        good(request, requests.send(request, HttpResponse.BodyHandlers.ofString()));
    }

    /** Asks for the end of a pod, as far as budgets allow it. False if one says no, for now. */
    boolean evict(String namespace, String pod) throws IOException, InterruptedException {
        HttpRequest request =
                request("POST", pods(namespace) + "/" + pod + "/eviction", Request.JSON, """
                {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"namespace": "%s", "name": "%s"},
                 "deleteOptions": {"gracePeriodSeconds": 1}}
                """.formatted(namespace, pod));
        HttpResponse<String> response = requests.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() == 429) {
            return false;
        }
        good(request, response);
        return true;
    }

    /** One change of the pods of a namespace a line, those that are there already first, until it is closed. */
    InputStream watchPods(String namespace) throws IOException, InterruptedException {
        HttpRequest request =
                to(pods(namespace) + "?watch=true&timeoutSeconds=7200").GET().build();
        HttpResponse<InputStream> response = streams.send(request, HttpResponse.BodyHandlers.ofInputStream());
        if (response.statusCode() != 200) {
            throw new IOException("the watch was answered " + response.statusCode());
        }
        return response.body();
    }

    static String pods(String namespace) {
        return "/api/v1/namespaces/" + namespace + "/pods";
    }

    private HttpRequest request(String method, String path, String type, String body) {
        return to(path).header("Content-Type", type)
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
    }

    private HttpRequest.Builder to(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(server + path));
        return authorization.isEmpty() ? request : request.header("Authorization", authorization);
    }

    private static String good(HttpRequest request, HttpResponse<String> response) throws IOException {
        if (response.statusCode() / 100 != 2) {
            throw new IOException(request.method() + " " + request.uri() + " was answered " + response.statusCode()
                    + ": " + response.body());
        }
        return response.body();
    }
}
