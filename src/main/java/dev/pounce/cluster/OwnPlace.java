package dev.pounce.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

/**
 * Where in the cluster this engine runs, by what the cluster itself put into its service account's token; everything is empty
 * for one that runs outside.
 *
 * @param pod its uid
 */
public record OwnPlace(String namespace, String serviceAccount, String pod) {

    public static final OwnPlace OUTSIDE = new OwnPlace("", "", "");

    /** Where a pod finds its service account. */
    public static final Path TOKEN = Path.of("/var/run/secrets/kubernetes.io/serviceaccount/token");

    /** Nobody checks the signature: the kubelet wrote the file. */
    public static OwnPlace of(Path token) {
        try {
            String[] parts = Files.readString(token).strip().split("\\.");
            if (parts.length < 2) {
                return OUTSIDE;
            }
            JsonNode claims = new ObjectMapper()
                    .readTree(new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8))
                    .path("kubernetes.io");
            return new OwnPlace(
                    claims.path("namespace").asText(""),
                    claims.path("serviceaccount").path("name").asText(""),
                    claims.path("pod").path("uid").asText(""));
        } catch (JsonProcessingException | IllegalArgumentException notAToken) {
            return OUTSIDE;
        } catch (IOException none) {
            return OUTSIDE;
        }
    }

    /** Its own pod, those of the same service account, and those of its other parts. */
    public boolean isOurs(Pod other) {
        return !namespace.isEmpty()
                && (other.uid().equals(pod)
                        || (other.namespace().equals(namespace)
                                && (other.serviceAccount().equals(serviceAccount)
                                        || other.serviceAccount().equals("pounce")
                                        || other.serviceAccount().startsWith("pounce-"))));
    }
}
