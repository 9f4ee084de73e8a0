package dev.pounce.asset;

import java.util.Optional;

/**
 * An object of the Kubernetes API that is not a pod or node.
 *
 * @param resource in the plural and small letters, such as {@code secrets}; with its group behind a dot if it has one
 * @param namespace empty for what belongs to the whole cluster
 */
public record ObjectRef(String resource, Optional<String> namespace, String name) implements Asset {
    @Override
    public String display() {
        return resource + "/" + namespace.map(in -> in + "/").orElse("") + name;
    }
}
