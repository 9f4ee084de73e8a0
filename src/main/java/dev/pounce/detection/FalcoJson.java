package dev.pounce.detection;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Writes a detection as Falco's {@code json_output} does, one line each, so that anything that reads Falco's alerts
 * reads ours. Keys are in alphabetical order; {@code evt.time} is a number of nanoseconds; the output begins with the
 * local time and the priority. What is no Unicode is replaced by U+FFFD. Safe for any thread.
 */
public final class FalcoJson {

    private static final HexFormat HEX = HexFormat.of();

    private final String hostname;
    private final ZoneId zone;

    /** @param zone of the time at the beginning of {@code output} */
    public FalcoJson(String hostname, ZoneId zone) {
        this.hostname = hostname;
        this.zone = zone;
    }

    public String line(Detection detection) {
        StringBuilder json = new StringBuilder(1024);
        append(detection, json);
        return json.toString();
    }

    /** Appends one object without a newline. */
    public void append(Detection detection, StringBuilder json) {
        json.append("{\"hostname\":");
        string(hostname, json);
        json.append(",\"output\":\"");
        OffsetDateTime local = detection.time().atZone(zone).toOffsetDateTime();
        timeOfDay(local, json);
        json.append(": ").append(detection.priority().display()).append(' ');
        escape(detection.output(), json);
        json.append("\",\"output_fields\":");
        fields(detection, json);
        json.append(",\"priority\":\"").append(detection.priority().display()).append("\",\"rule\":");
        string(detection.rule(), json);
        json.append(",\"source\":");
        string(detection.source(), json);
        json.append(",\"tags\":[");
        for (int i = 0; i < detection.tags().size(); i++) {
            if (i > 0) {
                json.append(',');
            }
            string(detection.tags().get(i), json);
        }
        json.append("],\"time\":\"");
        time(detection.time(), json);
        json.append("\"}");
    }

    private static void fields(Detection detection, StringBuilder json) {
        Map<String, @Nullable Object> sorted = new TreeMap<>(detection.fields());
        Instant time = detection.time();
        sorted.put(
                "evt.time", Math.addExact(Math.multiplyExact(time.getEpochSecond(), 1_000_000_000L), time.getNano()));
        char separator = '{';
        for (Map.Entry<String, @Nullable Object> field : sorted.entrySet()) {
            json.append(separator);
            separator = ',';
            string(field.getKey(), json);
            json.append(':');
            value(field.getValue(), json);
        }
        json.append('}');
    }

    private static void value(@Nullable Object value, StringBuilder json) {
        switch (value) {
            case null -> json.append("null");
            case Double number when !Double.isFinite(number) -> json.append("null");
            case Number number -> json.append(number);
            case Boolean truth -> json.append(truth.booleanValue());
            case byte[] buffer -> string(new String(buffer, StandardCharsets.UTF_8), json);
            case List<?> list -> {
                json.append('[');
                for (int i = 0; i < list.size(); i++) {
                    if (i > 0) {
                        json.append(',');
                    }
                    value(list.get(i), json);
                }
                json.append(']');
            }
            default -> string(value.toString(), json);
        }
    }

    private static void string(String text, StringBuilder json) {
        json.append('"');
        escape(text, json);
        json.append('"');
    }

    private static void escape(String text, StringBuilder json) {
        int plain = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= ' ' && c != '"' && c != '\\' && !Character.isSurrogate(c)) {
                continue;
            }
            json.append(text, plain, i);
            plain = i + 1;
            switch (c) {
                case '"' -> json.append("\\\"");
                case '\\' -> json.append("\\\\");
                case '\n' -> json.append("\\n");
                case '\r' -> json.append("\\r");
                case '\t' -> json.append("\\t");
                case '\b' -> json.append("\\b");
                case '\f' -> json.append("\\f");
                default -> {
                    if (c < ' ') {
                        json.append("\\u").append(HEX.toHexDigits(c));
                    } else if (Character.isHighSurrogate(c)
                            && i + 1 < text.length()
                            && Character.isLowSurrogate(text.charAt(i + 1))) {
                        json.append(c);
                        plain = i + 1;
                    } else if (Character.isLowSurrogate(c) && i > 0 && Character.isHighSurrogate(text.charAt(i - 1))) {
                        json.append(c);
                    } else {
                        json.append('\ufffd');
                    }
                }
            }
        }
        json.append(text, plain, text.length());
    }

    private static void timeOfDay(OffsetDateTime time, StringBuilder json) {
        digits(time.getHour(), 2, json);
        json.append(':');
        digits(time.getMinute(), 2, json);
        json.append(':');
        digits(time.getSecond(), 2, json);
        json.append('.');
        digits(time.getNano(), 9, json);
    }

    private static void time(Instant instant, StringBuilder json) {
        OffsetDateTime time = instant.atOffset(ZoneOffset.UTC);
        digits(time.getYear(), 4, json);
        json.append('-');
        digits(time.getMonthValue(), 2, json);
        json.append('-');
        digits(time.getDayOfMonth(), 2, json);
        json.append('T');
        timeOfDay(time, json);
        json.append('Z');
    }

    private static void digits(int number, int width, StringBuilder json) {
        int limit = 1;
        for (int i = 1; i < width; i++) {
            limit *= 10;
            if (number < limit) {
                json.append('0');
            }
        }
        json.append(number);
    }
}
