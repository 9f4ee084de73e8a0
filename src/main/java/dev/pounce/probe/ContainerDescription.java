package dev.pounce.probe;

import dev.pounce.asset.PodRef;
import java.util.Optional;

/**
 * What its runtime wrote down about a container when it made it.
 *
 * @param pod empty when Kubernetes has nothing to do with it
 * @param name within the pod; the pod's own for the one that holds the pod's namespaces
 * @param image as it was asked for, such as {@code registry.local/shop/web:1}; empty when it is not known
 * @param sandbox id of the container that holds the pod's namespaces; empty when there is none
 */
public record ContainerDescription(Optional<PodRef> pod, String name, String image, String sandbox) {

    /** Without tag and digest. */
    public String repository() {
        int end = image.indexOf('@') < 0 ? image.length() : image.indexOf('@');
        int colon = image.lastIndexOf(':', end - 1);
        return image.substring(0, colon > image.lastIndexOf('/', end - 1) ? colon : end);
    }

    /** Empty when it was asked for without one. */
    public String tag() {
        int end = image.indexOf('@') < 0 ? image.length() : image.indexOf('@');
        int colon = image.lastIndexOf(':', end - 1);
        return colon > image.lastIndexOf('/', end - 1) ? image.substring(colon + 1, end) : "";
    }

    /** Such as {@code sha256:…}; empty when it was asked for by its tag alone. */
    public String digest() {
        int at = image.indexOf('@');
        return at < 0 ? "" : image.substring(at + 1);
    }
}
