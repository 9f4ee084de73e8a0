package dev.pounce.audit;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes JSON objects as UTF-8, a line each, into a buffer that is used again for the next. Not thread-safe.
 *
 * <p>By hand, because this stands between a detection and its signal: a tree of nodes or a reflective mapper
 * would cost more than the disk does.
 */
final class JsonLine {

    /** Of one text, in UTF-16 units; a command line may be megabytes long, and an attacker chooses it. */
    static final int LONGEST_TEXT = 4096;

    /** Of one list, for the same reason. */
    static final int LONGEST_LIST = 256;

    private static final int KEPT_CAPACITY = 1 << 20;
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private byte[] bytes = new byte[4096];
    private int length;
    private boolean needsComma;

    // A date changes once a day and a second is shared by many entries
    private long secondOfPrefix = Long.MIN_VALUE;
    private byte[] prefixOfSecond = new byte[0];

    void reset() {
        if (bytes.length > KEPT_CAPACITY) {
            bytes = new byte[4096];
        }
        length = 0;
        needsComma = false;
    }

    /** Another line after those that are there; where it starts. */
    int beginLine() {
        needsComma = false;
        return length;
    }

    byte[] bytes() {
        return bytes;
    }

    int length() {
        return length;
    }

    JsonLine beginObject() {
        separate();
        put('{');
        needsComma = false;
        return this;
    }

    JsonLine endObject() {
        put('}');
        needsComma = true;
        return this;
    }

    JsonLine beginArray() {
        separate();
        put('[');
        needsComma = false;
        return this;
    }

    JsonLine endArray() {
        put(']');
        needsComma = true;
        return this;
    }

    /** @param key of ours or a field's name */
    JsonLine key(String key) {
        separate();
        quoted(key);
        put(':');
        needsComma = false;
        return this;
    }

    JsonLine member(String key, String value) {
        return key(key).text(value);
    }

    JsonLine member(String key, long value) {
        return key(key).number(value);
    }

    JsonLine member(String key, Instant value) {
        return key(key).time(value);
    }

    JsonLine text(String value) {
        separate();
        quoted(value);
        needsComma = true;
        return this;
    }

    JsonLine number(long value) {
        separate();
        digits(value);
        needsComma = true;
        return this;
    }

    /** UTC with microseconds: {@code 2026-11-23T15:04:05.000123Z}. */
    JsonLine time(Instant time) {
        separate();
        put('"');
        if (time.getEpochSecond() != secondOfPrefix) {
            secondOfPrefix = time.getEpochSecond();
            String second = LocalDateTime.ofEpochSecond(secondOfPrefix, 0, ZoneOffset.UTC)
                    .format(DateTimeFormatter.ISO_LOCAL_DATE_TIME);
            prefixOfSecond = second.getBytes(StandardCharsets.US_ASCII);
        }
        raw(prefixOfSecond, prefixOfSecond.length);
        put('.');
        int micros = time.getNano() / 1000;
        for (int unit = 100_000; unit > 0; unit /= 10) {
            put('0' + micros / unit % 10);
        }
        put('Z');
        put('"');
        needsComma = true;
        return this;
    }

    /** A text, number, truth value, list or map of these, or null; of anything else its text. */
    JsonLine value(@Nullable Object value) {
        switch (value) {
            case null -> literal("null");
            case String text -> text(text);
            case Long number -> number(number);
            case Integer number -> number(number);
            case Boolean truth -> literal(truth.toString());
            case Double number when Double.isFinite(number) -> literal(number.toString());
            case Collection<?> list -> {
                beginArray();
                int left = LONGEST_LIST;
                for (Object element : list) {
                    if (left-- == 0) {
                        text("…[cut: " + (list.size() - LONGEST_LIST) + " more]");
                        break;
                    }
                    value(element);
                }
                endArray();
            }
            case Map<?, ?> map -> {
                beginObject();
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    key(String.valueOf(entry.getKey())).value(entry.getValue());
                }
                endObject();
            }
            default -> text(value.toString());
        }
        return this;
    }

    /** Bytes that need no escaping, as they are. */
    JsonLine raw(byte[] ascii, int count) {
        ensure(count);
        System.arraycopy(ascii, 0, bytes, length, count);
        length += count;
        return this;
    }

    JsonLine raw(String ascii) {
        ensure(ascii.length());
        for (int i = 0; i < ascii.length(); i++) {
            bytes[length++] = (byte) ascii.charAt(i);
        }
        return this;
    }

    /** Lower-case hexadecimal, without quotes. */
    JsonLine hex(byte[] digest) {
        ensure(2 * digest.length);
        for (byte b : digest) {
            bytes[length++] = HEX[(b >> 4) & 15];
            bytes[length++] = HEX[b & 15];
        }
        return this;
    }

    private void literal(String ascii) {
        separate();
        raw(ascii);
        needsComma = true;
    }

    private void separate() {
        if (needsComma) {
            put(',');
        }
    }

    private void quoted(String text) {
        int end = text.length();
        boolean cut = end > LONGEST_TEXT;
        if (cut) {
            end = LONGEST_TEXT;
            if (Character.isHighSurrogate(text.charAt(end - 1))) {
                end--;
            }
        }
        // The longest form of one unit is a six byte escape
        ensure(6 * end + 64);
        bytes[length++] = '"';
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (c >= ' ' && c < 0x7f && c != '"' && c != '\\') {
                bytes[length++] = (byte) c;
            } else if (Character.isHighSurrogate(c) && i + 1 < end && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
                int point = Character.toCodePoint(c, text.charAt(i));
                bytes[length++] = (byte) (0xf0 | point >> 18);
                bytes[length++] = (byte) (0x80 | ((point >> 12) & 0x3f));
                bytes[length++] = (byte) (0x80 | ((point >> 6) & 0x3f));
                bytes[length++] = (byte) (0x80 | (point & 0x3f));
            } else {
                unusual(c);
            }
        }
        if (cut) {
            // An ellipsis in UTF-8, and how much is missing
            bytes[length++] = (byte) 0xe2;
            bytes[length++] = (byte) 0x80;
            bytes[length++] = (byte) 0xa6;
            raw("[cut: " + (text.length() - end) + " more characters]");
        }
        put('"');
    }

    private void unusual(char c) {
        if (c == '"' || c == '\\') {
            bytes[length++] = '\\';
            bytes[length++] = (byte) c;
        } else if (c == '\n') {
            bytes[length++] = '\\';
            bytes[length++] = 'n';
        } else if (c == '\t') {
            bytes[length++] = '\\';
            bytes[length++] = 't';
        } else if (c < 0xa0 || c == 0x2028 || c == 0x2029) {
            // Control characters never reach a terminal through this file
            escaped(c);
        } else if (c < 0x800) {
            bytes[length++] = (byte) (0xc0 | c >> 6);
            bytes[length++] = (byte) (0x80 | (c & 0x3f));
        } else if (Character.isSurrogate(c)) {
            // Half a pair has no UTF-8 form
            escaped('\ufffd');
        } else {
            bytes[length++] = (byte) (0xe0 | c >> 12);
            bytes[length++] = (byte) (0x80 | ((c >> 6) & 0x3f));
            bytes[length++] = (byte) (0x80 | (c & 0x3f));
        }
    }

    private void escaped(char c) {
        bytes[length++] = '\\';
        bytes[length++] = 'u';
        for (int shift = 12; shift >= 0; shift -= 4) {
            bytes[length++] = HEX[(c >> shift) & 15];
        }
    }

    private void digits(long value) {
        if (value < 0) {
            raw(Long.toString(value));
            return;
        }
        ensure(20);
        int digits = 1;
        for (long rest = value; rest >= 10; rest /= 10) {
            digits++;
        }
        long rest = value;
        for (int at = length + digits - 1; at >= length; at--) {
            bytes[at] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        length += digits;
    }

    private void put(int ascii) {
        ensure(1);
        bytes[length++] = (byte) ascii;
    }

    private void ensure(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
        }
    }
}
