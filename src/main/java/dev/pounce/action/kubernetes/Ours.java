package dev.pounce.action.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import java.util.TreeMap;

/** How objects that this engine makes are known again, after a restart too. */
final class Ours {

    static final String MANAGED_BY = "app.kubernetes.io/managed-by";
    static final String POUNCE = "pounce";

    /** Id of the plan that holds it; a label, too, where it can be one. */
    static final String RESPONSE = "pounce.dev/response";

    /** Of what it was made for. */
    static final String UID = "pounce.dev/uid";

    static final String UNTIL = "pounce.dev/until";

    /** {@link #fingerprint} of its spec as we left it. */
    static final String SPEC = "pounce.dev/spec";

    private Ours() {}

    static void mark(ObjectNode metadata, String response, String uid) {
        ObjectNode labels = metadata.withObject("/labels").put(MANAGED_BY, POUNCE);
        // What is no label's value is only told by the annotation
        if (response.matches("[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")) {
            labels.put(RESPONSE, response);
        }
        metadata.withObject("/annotations").put(RESPONSE, response).put(UID, uid);
    }

    static boolean isOurs(JsonNode object, String uid) {
        return object.path("metadata").path("labels").path(MANAGED_BY).asText().equals(POUNCE)
                && annotation(object, UID).filter(uid::equals).isPresent();
    }

    /** Nobody has changed its spec since. */
    static boolean isAsWeLeftIt(JsonNode object) {
        return annotation(object, SPEC)
                .filter(fingerprint(object.path("spec"))::equals)
                .isPresent();
    }

    static Optional<String> annotation(JsonNode object, String key) {
        return Optional.ofNullable(object.path("metadata").path("annotations").get(key))
                .map(JsonNode::asText);
    }

    static Optional<Instant> until(JsonNode object) {
        return Attempt.time(object.path("metadata").path("annotations").path(UNTIL));
    }

    /** The same for the same content, in whichever order its keys are. */
    static String fingerprint(JsonNode node) {
        StringBuilder text = new StringBuilder();
        write(node, text);
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256").digest(text.toString().getBytes(UTF_8));
            return HexFormat.of().formatHex(digest, 0, 16);
        } catch (NoSuchAlgorithmException everyJavaHasIt) {
            throw new IllegalStateException(everyJavaHasIt);
        }
    }

    private static void write(JsonNode node, StringBuilder text) {
        if (node.isObject()) {
            TreeMap<String, JsonNode> sorted = new TreeMap<>();
            node.properties().forEach(one -> sorted.put(one.getKey(), one.getValue()));
            text.append('{');
            sorted.forEach((key, value) -> {
                text.append(key).append(':');
                write(value, text);
                text.append(',');
            });
            text.append('}');
        } else if (node.isArray()) {
            text.append('[');
            node.forEach(one -> {
                write(one, text);
                text.append(',');
            });
            text.append(']');
        } else {
            text.append(node); // with its quotes
        }
    }

    /** The beginning of a uid: enough for a name, since the whole is compared too. */
    static String shortened(String uid) {
        String plain = uid.replace("-", "");
        return plain.substring(0, Math.min(12, plain.length()));
    }
}
