package dev.pounce.intake;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/**
 * By what an alert is known again when it is sent a second time: 128 bits of a SHA-256, over the sender's id for it or over
 * all that it says. As text, 32 hexadecimal digits.
 */
public record AlertKey(long high, long low) {

    private static final HexFormat HEX = HexFormat.of();

    /** @param kind keeps apart what was hashed for different reasons */
    static AlertKey of(char kind, byte[] content) {
        MessageDigest sha256 = sha256();
        sha256.update((byte) kind);
        byte[] digest = sha256.digest(content);
        return new AlertKey(longAt(digest, 0), longAt(digest, 8));
    }

    static AlertKey of(char kind, String text) {
        return of(kind, text.getBytes(StandardCharsets.UTF_8));
    }

    /** What {@link #toString} wrote; empty for anything else. */
    public static Optional<AlertKey> parse(String text) {
        if (text.length() != 32) {
            return Optional.empty();
        }
        try {
            return Optional.of(new AlertKey(
                    HexFormat.fromHexDigitsToLong(text, 0, 16), HexFormat.fromHexDigitsToLong(text, 16, 32)));
        } catch (NumberFormatException other) {
            return Optional.empty();
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }

    private static long longAt(byte[] bytes, int from) {
        long value = 0;
        for (int i = from; i < from + 8; i++) {
            value = value << 8 | (bytes[i] & 0xff);
        }
        return value;
    }

    @Override
    public String toString() {
        return HEX.toHexDigits(high) + HEX.toHexDigits(low);
    }
}
