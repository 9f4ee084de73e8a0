package dev.pounce.action.cloud;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URI;
import java.net.URLEncoder;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Amazon's signature of a request, version 4: "Create a signed AWS API request" of the IAM user guide. Every header that is given
 * is signed, and the body by its hash.
 */
public final class SigV4 {

    /** Of a body with nothing in it. */
    public static final String NOTHING = sha256(new byte[0]);

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

    private final String service;
    private final String region;

    /** @param service as signatures name it, such as {@code s3} */
    public SigV4(String service, String region) {
        this.service = service;
        this.region = region;
    }

    /**
     * The headers that are to be added to a request, which must go to exactly this address with exactly these headers.
     *
     * @param address escaped as it is sent
     * @param headers that are signed too
     * @param bodyHash SHA-256, in hexadecimal
     */
    public Map<String, String> headers(
            String method, URI address, Map<String, String> headers, String bodyHash, AwsIdentity who, Instant now) {
        String time = TIME.format(now);
        String scope = time.substring(0, 8) + "/" + region + "/" + service + "/aws4_request";
        Map<String, String> added = new TreeMap<>();
        added.put("x-amz-date", time);
        added.put("x-amz-content-sha256", bodyHash);
        who.token().ifPresent(token -> added.put("x-amz-security-token", token));

        Map<String, String> signed = new TreeMap<>(added);
        headers.forEach((name, value) -> signed.put(name.toLowerCase(Locale.ROOT), value.strip()));
        signed.put("host", address.getRawAuthority());
        String names = String.join(";", signed.keySet());
        String canonical = method + "\n" + path(address) + "\n" + query(address) + "\n"
                + signed.entrySet().stream()
                        .map(header -> header.getKey() + ":" + header.getValue() + "\n")
                        .collect(Collectors.joining())
                + "\n" + names + "\n" + bodyHash;
        String toSign = "AWS4-HMAC-SHA256\n" + time + "\n" + scope + "\n" + sha256(canonical.getBytes(UTF_8));
        byte[] key = ("AWS4" + who.secretKey()).getBytes(UTF_8);
        for (String part : scope.split("/")) {
            key = hmac(key, part);
        }
        added.put(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=" + who.accessKey() + "/" + scope + ", SignedHeaders=" + names
                        + ", Signature=" + HexFormat.of().formatHex(hmac(key, toSign)));
        return added;
    }

    /** Everything but S3 signs the path escaped once more. */
    private String path(URI address) {
        String path = address.getRawPath().isEmpty() ? "/" : address.getRawPath();
        return service.equals("s3")
                ? path
                : Arrays.stream(path.split("/", -1)).map(SigV4::escaped).collect(Collectors.joining("/"));
    }

    private static String query(URI address) {
        if (address.getRawQuery() == null) {
            return "";
        }
        List<String> parts = new ArrayList<>();
        for (String part : address.getRawQuery().split("&")) {
            parts.add(part.contains("=") ? part : part + "=");
        }
        return parts.stream().sorted().collect(Collectors.joining("&"));
    }

    /** All but letters, digits and {@code -._~}. */
    public static String escaped(String text) {
        return URLEncoder.encode(text, UTF_8)
                .replace("+", "%20")
                .replace("*", "%2A")
                .replace("%7E", "~");
    }

    /** In hexadecimal. */
    public static String sha256(byte[] bytes) {
        return HexFormat.of().formatHex(sha256().digest(bytes));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(text.getBytes(UTF_8));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
