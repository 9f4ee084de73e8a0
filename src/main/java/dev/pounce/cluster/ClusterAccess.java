package dev.pounce.cluster;

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
     * @throws RuntimeException when the file cannot be read or names no cluster
     */
    public static ClusterAccess open(Optional<Path> kubeconfig, String version, InstantSource clock) {
        Config found =
                kubeconfig.isPresent() ? Config.fromKubeconfig(kubeconfig.get().toFile()) : Config.autoConfigure(null);
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

    public Api api() {
        return api;
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
