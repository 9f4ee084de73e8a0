package dev.pounce.cluster;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import java.nio.file.Path;

/** Read as {@link ClusterAccess} reads it, for another client than the engine's. */
public final class Kubeconfig {

    private Kubeconfig() {}

    public static Config read(Path file) {
        Config found = Config.fromKubeconfig(file.toFile());
        return new ConfigBuilder(found)
                .withClientKeyAlgo(ClientKey.algorithm(found).orElse(found.getClientKeyAlgo()))
                .build();
    }
}
