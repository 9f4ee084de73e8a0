package dev.pounce.action.call;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** What a server of Amazon's computes from a request that it heard: written again, from the other side. */
final class Signatures {

    private Signatures() {}

    static String expected(Somebody.Heard heard, String url, String service, String secret) {
        try {
            String authorization = heard.headers().getOrDefault("authorization", "");
            String credential = between(authorization, "Credential=", ",");
            List<String> names =
                    Arrays.asList(between(authorization, "SignedHeaders=", ",").split(";"));
            String[] scope = credential.split("/");
            URI address = URI.create(url);
            String canonical = String.join(
                    "\n",
                    heard.method(),
                    // Escaped as it came, and once more
                    address.getRawPath().replace("%", "%25"),
                    address.getRawQuery(),
                    names.stream()
                            .map(name -> name + ":" + heard.headers().get(name) + "\n")
                            .collect(Collectors.joining()),
                    String.join(";", names),
                    hex(MessageDigest.getInstance("SHA-256").digest(heard.body().getBytes(UTF_8))));
            String text = "AWS4-HMAC-SHA256\n" + heard.headers().get("x-amz-date") + "\n"
                    + credential.substring(credential.indexOf('/') + 1) + "\n"
                    + hex(MessageDigest.getInstance("SHA-256").digest(canonical.getBytes(UTF_8)));
            byte[] key = hmac(("AWS4" + secret).getBytes(UTF_8), scope[1]);
            key = hmac(key, scope[2]);
            key = hmac(key, service);
            key = hmac(key, "aws4_request");
            return "AWS4-HMAC-SHA256 Credential=" + credential + ", SignedHeaders=" + String.join(";", names)
                    + ", Signature=" + hex(hmac(key, text));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static String between(String text, String from, String to) {
        int start = text.indexOf(from) + from.length();
        int end = text.indexOf(to, start);
        return text.substring(start, end < 0 ? text.length() : end);
    }

    private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(text.getBytes(UTF_8));
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
