package dev.pounce.asset;

import java.util.Optional;

/**
 * What a pod belongs to, for who reads about it. Nothing is ever aimed at it: a step that changes a workload finds it by its
 * pod, or is told of it as an {@link ObjectRef}.
 *
 * @param kind in the singular and small letters, such as {@code deployment}
 * @param uid empty when nobody told
 */
public record WorkloadRef(String kind, String namespace, String name, Optional<String> uid) implements Asset {
    @Override
    public String display() {
        return kind + "/" + namespace + "/" + name;
    }
}
