package dev.pounce.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * One request to the API server.
 *
 * @param method of HTTP
 * @param path with its leading slash
 * @param query not escaped
 * @param contentType of the body; empty when there is none
 * @param body empty when there is none
 * @param accept in what shape the answer is wanted
 */
public record Request(
        String method, String path, Map<String, String> query, String contentType, String body, String accept) {

    public static final String JSON = "application/json";
    private static final String METADATA =
            "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
    public static final String MERGE_PATCH = "application/merge-patch+json";
    public static final String JSON_PATCH = "application/json-patch+json";
    public static final String APPLY_PATCH = "application/apply-patch+yaml";

    /** Who has changed what, in the objects' own book-keeping. */
    public static final String FIELD_MANAGER = "pounce";

    private static final ObjectMapper OPTIONS = new ObjectMapper();

    public Request {
        query = Map.copyOf(query);
    }

    public Request(String method, String path, Map<String, String> query, String contentType, String body) {
        this(method, path, query, contentType, body, JSON);
    }

    public static Request get(ApiPath path) {
        return new Request("GET", path.text(), Map.of(), "", "");
    }

    /** What is asked with a body and changes nothing, such as an access review. */
    public static Request review(ApiPath path, String body) {
        return new Request("POST", path.text(), Map.of(), JSON, body);
    }

    public static Request create(ApiPath path, String body) {
        return new Request("POST", path.text(), Map.of("fieldManager", FIELD_MANAGER), JSON, body);
    }

    /** @param type one of the patch types above */
    public static Request patch(ApiPath path, String type, String body) {
        return new Request("PATCH", path.text(), Map.of("fieldManager", FIELD_MANAGER), type, body);
    }

    /** @param options a {@code DeleteOptions} as JSON, with the uid that is meant */
    public static Request delete(ApiPath path, String options) {
        return new Request("DELETE", path.text(), Map.of(), JSON, options);
    }

    public Request with(String parameter, String value) {
        Map<String, String> more = new TreeMap<>(query);
        more.put(parameter, value);
        return new Request(method, path, more, contentType, body, accept);
    }

    /**
     * Of the object in the answer nothing is wanted but its metadata, which costs both sides less.
     *
     * <p>Format: https://kubernetes.io/docs/reference/using-api/api-concepts/, "Metadata-only fetches".
     */
    public Request metadataOnly() {
        return new Request(method, path, query, contentType, body, METADATA);
    }

    /** The server goes all the way, admission included, and keeps nothing. */
    public Request dryRun() {
        if (!method.equals("DELETE")) {
            return with("dryRun", "All");
        }
        // Of a deletion with options the server reads nothing else: it would delete
        try {
            ObjectNode options = body.isEmpty() ? OPTIONS.createObjectNode() : (ObjectNode) OPTIONS.readTree(body);
            options.putArray("dryRun").add("All");
            return new Request(method, path, query, JSON, options.toString(), accept);
        } catch (JsonProcessingException notOurs) {
            throw new IllegalArgumentException("no options of a deletion: " + body, notOurs);
        }
    }

    String target() {
        return query.isEmpty()
                ? path
                : new TreeMap<>(query)
                        .entrySet().stream()
                                .map(one -> ApiPath.escaped(one.getKey()) + "=" + ApiPath.escaped(one.getValue()))
                                .collect(Collectors.joining("&", path + "?", ""));
    }
}
