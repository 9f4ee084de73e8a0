package dev.pounce.cluster;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Where objects of one kind are in the API server.
 *
 * @param group empty for the core
 * @param version such as {@code v1}
 * @param resource in the plural and small letters
 * @param namespace empty for what belongs to the whole cluster, and for all namespaces
 * @param name empty for all of them
 * @param subresource such as {@code eviction}
 */
public record ApiPath(
        String group,
        String version,
        String resource,
        Optional<String> namespace,
        Optional<String> name,
        Optional<String> subresource) {

    public static ApiPath of(String group, String version, String resource) {
        return new ApiPath(group, version, resource, Optional.empty(), Optional.empty(), Optional.empty());
    }

    /** One of the core's, such as {@code pods}. */
    public static ApiPath core(String resource) {
        return of("", "v1", resource);
    }

    public ApiPath in(String namespace) {
        return new ApiPath(group, version, resource, Optional.of(namespace), name, subresource);
    }

    public ApiPath named(String name) {
        return new ApiPath(group, version, resource, namespace, Optional.of(name), subresource);
    }

    public ApiPath sub(String subresource) {
        return new ApiPath(group, version, resource, namespace, name, Optional.of(subresource));
    }

    /** As in a URL; names are escaped. */
    public String text() {
        StringBuilder text = new StringBuilder(group.isEmpty() ? "/api/" : "/apis/" + escaped(group) + "/");
        text.append(escaped(version));
        namespace.ifPresent(in -> text.append("/namespaces/").append(escaped(in)));
        text.append('/').append(resource);
        name.ifPresent(named -> text.append('/').append(escaped(named)));
        subresource.ifPresent(sub -> text.append('/').append(sub));
        return text.toString();
    }

    static String escaped(String part) {
        return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
