package dev.pounce.audit;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The form of a line: {@code {"seq":N,"time":"…","type":"…",…,"prev":"P","hash":"H"}} and a newline. Before {@code prev}
 * stands {@code "more":true} when the next line was appended together with this one: both are there, or neither. P is the
 * hash of the line before, or 64 zeros; H is the SHA-256, in lower-case hexadecimal, of every byte of the line
 * up to {@code ,"hash":} and without it. So a line cannot be changed without changing each one after it, and
 * five lines of script can check it:
 *
 * <pre>{@code
 * import hashlib, sys
 * prev = b"0" * 64
 * for line in sys.stdin.buffer:
 *     body, _, tail = line.rpartition(b',"hash":')
 *     assert body.endswith(b',"prev":"' + prev + b'"'), line
 *     prev = hashlib.sha256(body).hexdigest().encode()
 *     assert tail == b'"' + prev + b'"}\n', line
 * }</pre>
 */
final class ChainedLine {

    static final String SEQ = "{\"seq\":";
    static final String MORE = ",\"more\":true";
    static final String PREV = ",\"prev\":\"";
    static final String HASH = ",\"hash\":\"";
    static final String END = "\"}";
    static final String FIRST_PREV = "0".repeat(64);

    /** {@code ,"prev":"P","hash":"H"}}. */
    private static final int TAIL_LENGTH = PREV.length() + 64 + 1 + HASH.length() + 64 + END.length();

    private static final byte[] SEQ_BYTES = ascii(SEQ);
    private static final byte[] MORE_BYTES = ascii(MORE);
    private static final byte[] PREV_BYTES = ascii(PREV);
    private static final byte[] HASH_BYTES = ascii("\"" + HASH);
    private static final byte[] END_BYTES = ascii(END);

    /** What is to be said about one line by itself; whether it follows the one before, others say. */
    sealed interface Checked {
        /**
         * Its hash is right.
         *
         * @param more whether the next line belongs to it
         */
        record Good(long seq, String prev, String hash, boolean more) implements Checked {}

        /** Well-formed, so that the next line can still be compared with it, but its hash is wrong. */
        record Changed(long seq, String prev, String hash) implements Checked {}

        record Malformed(String what) implements Checked {}
    }

    private ChainedLine() {}

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** @param to after the last byte, the newline not included */
    static Checked check(byte[] buffer, int from, int to, MessageDigest sha256) {
        int tail = to - TAIL_LENGTH;
        if (tail <= from || !matches(buffer, from, SEQ_BYTES)) {
            return new Checked.Malformed("does not begin with " + SEQ);
        }
        int prevAt = tail + PREV_BYTES.length;
        int hashAt = prevAt + 64 + HASH_BYTES.length;
        if (!matches(buffer, tail, PREV_BYTES)
                || !matches(buffer, prevAt + 64, HASH_BYTES)
                || !matches(buffer, hashAt + 64, END_BYTES)) {
            return new Checked.Malformed("does not end with prev and hash");
        }
        long seq = seq(buffer, from + SEQ_BYTES.length, tail);
        if (seq < 1) {
            return new Checked.Malformed("has no number");
        }
        String prev = new String(buffer, prevAt, 64, StandardCharsets.ISO_8859_1);
        String hash = new String(buffer, hashAt, 64, StandardCharsets.ISO_8859_1);
        sha256.update(buffer, from, prevAt + 64 + 1 - from);
        String computed = HexFormat.of().formatHex(sha256.digest());
        // After a text there is a quotation mark in this place, so that no text can look like it
        boolean more = tail - MORE_BYTES.length > from && matches(buffer, tail - MORE_BYTES.length, MORE_BYTES);
        return computed.equals(hash) ? new Checked.Good(seq, prev, hash, more) : new Checked.Changed(seq, prev, hash);
    }

    private static long seq(byte[] buffer, int from, int to) {
        long seq = 0;
        int at = from;
        while (at < to && at < from + 19 && buffer[at] >= '0' && buffer[at] <= '9') {
            seq = seq * 10 + (buffer[at++] - '0');
        }
        return at > from && buffer[at] == ',' ? seq : -1;
    }

    /** The value of {@code type}, which stands third in every line; empty when this is no such line. */
    static String typeOf(byte[] buffer, int from, int to) {
        // Before it: a number of at most 19 digits and a time; neither contains a comma
        int at = from;
        for (int commas = 0; commas < 2 && at < to; at++) {
            if (buffer[at] == ',') {
                commas++;
            }
        }
        byte[] key = ascii("\"type\":\"");
        if (at + key.length > to || !matches(buffer, at, key)) {
            return "";
        }
        int start = at + key.length;
        int end = start;
        while (end < to && buffer[end] != '"') {
            end++;
        }
        return new String(buffer, start, end - start, StandardCharsets.ISO_8859_1);
    }

    private static boolean matches(byte[] buffer, int at, byte[] expected) {
        for (int i = 0; i < expected.length; i++) {
            if (buffer[at + i] != expected[i]) {
                return false;
            }
        }
        return true;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
