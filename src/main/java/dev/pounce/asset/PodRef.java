package dev.pounce.asset;

import java.util.Optional;

/**
 * One pod. A name is used again by the pod that replaces it; the uid is not, and whoever changes a pod insists on it.
 *
 * @param uid empty when the detection did not tell
 */
public record PodRef(String namespace, String name, Optional<String> uid) implements Asset {
    @Override
    public String display() {
        return "pod/" + namespace + "/" + name;
    }
}
