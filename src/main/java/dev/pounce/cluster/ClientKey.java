package dev.pounce.cluster;

import io.fabric8.kubernetes.client.Config;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What kind of key a kubeconfig has. The client takes every one in PKCS #8 for RSA unless it is told. */
final class ClientKey {

    private static final Pattern PKCS_8 =
            Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

    private ClientKey() {}

    /** As the JDK calls it; empty when there is no key in PKCS #8, or none that can be read. */
    static Optional<String> algorithm(Config config) {
        try {
            Matcher pem = PKCS_8.matcher(text(config));
            if (!pem.find()) {
                return Optional.empty();
            }
            PKCS8EncodedKeySpec key =
                    new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem.group(1)));
            return List.of("RSA", "EC", "Ed25519").stream()
                    .filter(algorithm -> isOf(algorithm, key))
                    .findFirst();
        } catch (IOException | IllegalArgumentException unreadable) {
            return Optional.empty();
        }
    }

    private static String text(Config config) throws IOException {
        if (config.getClientKeyData() != null) {
            return new String(Base64.getMimeDecoder().decode(config.getClientKeyData()), StandardCharsets.US_ASCII);
        }
        return config.getClientKeyFile() == null ? "" : Files.readString(Path.of(config.getClientKeyFile()));
    }

    private static boolean isOf(String algorithm, PKCS8EncodedKeySpec key) {
        try {
            return KeyFactory.getInstance(algorithm).generatePrivate(key) != null;
        } catch (GeneralSecurityException other) {
            return false;
        }
    }
}
