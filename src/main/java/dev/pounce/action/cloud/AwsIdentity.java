package dev.pounce.action.cloud;

import java.time.Instant;
import java.util.Optional;

/**
 * Who the engine is to Amazon Web Services, or to whoever understands their signatures.
 *
 * @param token of a session; empty for a user
 * @param until when it ends; empty when that is not known
 */
public record AwsIdentity(String accessKey, String secretKey, Optional<String> token, Optional<Instant> until) {
    @Override
    public String toString() {
        return "AwsIdentity[" + accessKey + "]";
    }
}
