package dev.pounce.cluster;

import static java.util.stream.Collectors.joining;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;

/** The way to one cluster. Makes no connection by itself. */
public final class ClusterAccess implements AutoCloseable {

    private final KubernetesClient client;
    private final Api api;

    private ClusterAccess(KubernetesClient client, InstantSource clock) {
        this.client = client;
        this.api = new Api(client.getHttpClient(), client.getConfiguration().getMasterUrl(), clock);
    }

    /**
     * @param kubeconfig empty inside of a cluster, for the service account of our own pod
     * @param version ours, for the user agent
     * @throws IllegalArgumentException with words for a person, when the file cannot be read or names no cluster
     */
    public static ClusterAccess open(Optional<Path> kubeconfig, String version, InstantSource clock) {
        Config found = kubeconfig.isPresent() ? read(kubeconfig.get()) : Config.autoConfigure(null);
        Config config = new ConfigBuilder(found)
                .withClientKeyAlgo(ClientKey.algorithm(found).orElse(found.getClientKeyAlgo()))
                .withUserAgent("pounce/" + version)
                // Who asks knows until when it is worth while, and what may be asked twice
                .withRequestRetryBackoffLimit(0)
                .withRequestTimeout(0)
                .withConnectionTimeout(5_000)
                .withMaxConcurrentRequests(1_024)
                .withMaxConcurrentRequestsPerHost(1_024)
                .build();
        return new ClusterAccess(
                new KubernetesClientBuilder().withConfig(config).build(), clock);
    }

    private static Config read(Path kubeconfig) {
        Config read;
        try {
            read = Config.fromKubeconfig(kubeconfig.toFile());
        } catch (RuntimeException unreadable) {
            throw new IllegalArgumentException(
                    kubeconfig + ": found a file that cannot be read as a kubeconfig ("
                            + String.valueOf(unreadable.getMessage())
                                    .lines()
                                    .map(String::strip)
                                    .collect(joining(" "))
                            + "), expected one with a cluster, a user and a current context",
                    unreadable);
        }
        // Left to itself, the client would take a server by its usual name, and files of the user's home, instead
        if (read.getCurrentContext() == null) {
            throw new IllegalArgumentException(
                    kubeconfig + ": found no current context, expected the name of one, with its cluster and user");
        }
        return read;
    }

    public Api api() {
        return api;
    }

    /** The API server's URL, for a person. */
    public String server() {
        return client.getConfiguration().getMasterUrl();
    }

    /** For what is watched, and for what is streamed. */
    public KubernetesClient client() {
        return client;
    }

    @Override
    public void close() {
        client.close();
    }
}
