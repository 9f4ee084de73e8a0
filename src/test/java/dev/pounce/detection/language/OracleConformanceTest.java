package dev.pounce.detection.language;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pounce.source.Place;
import dev.pounce.source.Problems;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Asks our language what real Falco was asked: thousands of conditions over thousands of recorded events. The
 * recording is not part of the project; where it is not, the test says so and passes.
 */
class OracleConformanceTest {

    /** Of the conditions that the exported fields can decide, how many have to agree. */
    private static final double REQUIRED_SHARE = 0.997;

    /** One recorded event, values as a {@link FieldBinder} promises them. */
    private record Recorded(
            long number,
            Map<String, Object> fields,
            List<Object> values,
            List<Object> raw,
            Map<String, Integer> names,
            Map<String, Object> byName) {}

    /** Falco compares one raw argument with several numbers as with garbage: a quirk nobody can rely on. */
    private static final Pattern SEVERAL_RAW_VALUES =
            Pattern.compile("evt\\.rawarg\\.\\w+ (\\S+ )?(in|intersects|oneof|anyof|allof) ?\\(");

    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void agreesWithFalcoOnTheRecordedConditions() throws IOException {
        // Given
        Path oracle = Path.of(Optional.ofNullable(System.getenv("POUNCE_ORACLE"))
                .or(() -> Optional.ofNullable(System.getProperty("pounce.oracle")))
                .orElse("../shared/data/oracle"));
        if (!Files.exists(oracle.resolve("conditions.jsonl.gz"))) {
            String sentence = "left out: Falco's recorded answers are not at " + oracle;
            System.out.println(sentence);
            Assumptions.abort(sentence);
        }
        List<Recorded> events = new ArrayList<>();
        Set<String> exported = new HashSet<>();
        for (String line : lines(oracle.resolve("events.jsonl.gz"))) {
            Recorded event = event(JSON.readTree(line));
            events.add(event);
            exported.addAll(event.fields().keySet());
        }

        // When
        int agreed = 0;
        int judged = 0;
        int unreachable = 0;
        List<String> differences = new ArrayList<>();
        Map<String, Integer> differencesByGroup = new TreeMap<>();
        for (String line : lines(oracle.resolve("conditions.jsonl.gz"))) {
            JsonNode condition = JSON.readTree(line);
            if (condition.path("needs_raw").asBoolean()
                    || condition.path("quirk").asBoolean()
                    || condition.hasNonNull("runtime_error")
                    || SEVERAL_RAW_VALUES
                            .matcher(condition.get("condition").asText())
                            .find()) {
                unreachable++;
                continue;
            }
            String text = condition.get("condition").asText();
            Problems problems = new Problems();
            Optional<CompiledCondition<Recorded>> compiled =
                    ConditionText.compile(text, new Place("condition", 1, 1), use -> bind(use, exported), problems);
            boolean accepted = condition.get("accepted").asBoolean();
            if (accepted
                    && compiled.isPresent()
                    && !compiled.get().unsupported().isEmpty()) {
                unreachable++;
                continue;
            }
            judged++;
            String difference = difference(condition, accepted, compiled, events);
            if (difference == null) {
                agreed++;
            } else {
                differencesByGroup.merge(condition.get("group").asText(), 1, Integer::sum);
                differences.add(condition.get("group").asText() + ": " + text + "  ## " + difference
                        + (problems.all().isEmpty()
                                ? ""
                                : " ## " + problems.all().getFirst()));
            }
        }

        // Then
        System.out.println(agreed + " of " + judged + " agree, " + unreachable
                + " not decidable from the recording; differences " + differencesByGroup);
        if (System.getenv("POUNCE_ORACLE_DIFFERENCES") != null) {
            Files.write(Path.of(System.getenv("POUNCE_ORACLE_DIFFERENCES")), differences);
        }
        assertThat(agreed)
                .as("conditions that agree; the others: %s", differences)
                .isGreaterThanOrEqualTo((int) (judged * REQUIRED_SHARE));
        assertThat(judged).isGreaterThan(1000);
    }

    private static @Nullable String difference(
            JsonNode condition,
            boolean accepted,
            Optional<CompiledCondition<Recorded>> compiled,
            List<Recorded> events) {
        if (accepted != compiled.isPresent()) {
            return accepted
                    ? "refused"
                    : "accepted, though " + condition.path("error").asText();
        }
        if (!accepted) {
            return null;
        }
        Set<Long> expected = new HashSet<>();
        condition.get("matches").forEach(number -> expected.add(number.asLong()));
        List<Long> missing = new ArrayList<>();
        List<Long> extra = new ArrayList<>();
        for (Recorded event : events) {
            boolean matched = compiled.orElseThrow().test(event);
            if (matched != expected.contains(event.number())) {
                (matched ? extra : missing).add(event.number());
            }
        }
        return missing.isEmpty() && extra.isEmpty()
                ? null
                : "missing " + missing.size() + " " + firstOf(missing) + ", extra " + extra.size() + " "
                        + firstOf(extra);
    }

    private static List<Long> firstOf(List<Long> numbers) {
        return numbers.subList(0, Math.min(3, numbers.size()));
    }

    private static Optional<FieldBinder.Extractor<Recorded>> bind(FieldUse use, Set<String> exported) {
        String argument = use.argument();
        String name = use.name();
        if (name.startsWith("evt.arg.") || name.startsWith("evt.rawarg.")) {
            argument = name.substring(name.lastIndexOf('.') + 1);
            name = name.substring(0, name.lastIndexOf('.'));
        }
        if (argument != null && argument.matches("-?[0-9]+")) {
            argument = String.valueOf(Integer.parseInt(argument));
        }
        String wanted = argument;
        if (name.equals("evt.arg") || name.equals("evt.rawarg")) {
            boolean raw = name.equals("evt.rawarg");
            int index = wanted != null && wanted.matches("-?[0-9]+") ? Integer.parseInt(wanted) : Integer.MIN_VALUE;
            return Optional.of(event -> argumentOf(event, wanted == null ? "" : wanted, index, raw));
        }
        if (wanted == null
                && FieldTable.resolve(use) instanceof FieldTable.Resolution.Known known
                && known.info().has(FieldInfo.Trait.ANCESTORS)
                && exported.contains(name + "[1]")) {
            String family = name;
            return Optional.of(event -> ancestors(event, family));
        }
        if (name.equals("fd.ip") || name.equals("fd.net")) {
            return Optional.of(event -> ends(event, "fd.cip", "fd.sip", null));
        }
        if (name.equals("fd.port") || name.equals("fd.proto")) {
            return Optional.of(event -> ends(event, "fd.cport", "fd.sport", 0L));
        }
        String key = wanted == null ? name : name + "[" + wanted + "]";
        return exported.contains(key) ? Optional.of(event -> event.fields().get(key)) : Optional.empty();
    }

    /** A socket without a peer has zeros on either side. */
    private static @Nullable Object ends(Recorded event, String client, String server, @Nullable Object none) {
        Object type = event.fields().get("fd.type");
        if (!"ipv4".equals(type) && !"ipv6".equals(type)) {
            return null;
        }
        Object one = event.fields().get(client);
        Object other = event.fields().get(server);
        if (one == null && other == null) {
            Object zero = none != null ? none : "ipv4".equals(type) ? "0.0.0.0" : "::";
            return List.of(zero, zero);
        }
        return one == null ? other : other == null ? one : List.of(one, other);
    }

    private static @Nullable Object ancestors(Recorded event, String family) {
        List<Object> values = new ArrayList<>();
        for (int i = 1; i <= 9; i++) {
            Object value = event.fields().get(family + "[" + i + "]");
            if (value != null) {
                values.add(value);
            }
        }
        return values;
    }

    private static @Nullable Object argumentOf(Recorded event, String argument, int position, boolean raw) {
        List<Object> values = raw ? event.raw() : event.values();
        if (position != Integer.MIN_VALUE) {
            return position >= 0 && position < values.size() ? values.get(position) : null;
        }
        if (!raw && event.byName().containsKey(argument)) {
            return event.byName().get(argument);
        }
        Integer index = event.names().get(argument);
        return index == null ? null : values.get(index);
    }

    private static Recorded event(JsonNode json) {
        Map<String, Object> fields = new HashMap<>();
        json.get("fields").properties().forEach(field -> {
            boolean buffer = field.getKey().equals("evt.buffer");
            fields.put(field.getKey(), value(field.getValue(), buffer));
        });
        List<Object> values = new ArrayList<>();
        List<Object> raw = new ArrayList<>();
        Map<String, Integer> names = new HashMap<>();
        Map<String, Object> byName = new HashMap<>();
        for (JsonNode argument : json.get("args")) {
            names.putIfAbsent(argument.get("name").asText(), values.size());
            if (argument.has("value_by_name")) {
                byName.put(argument.get("name").asText(), value(argument.get("value_by_name"), false));
            }
            values.add(value(argument.get("value"), false));
            raw.add(value(argument.path("raw"), false));
        }
        return new Recorded(json.get("num").asLong(), fields, values, raw, names, byName);
    }

    private static @Nullable Object value(JsonNode json, boolean buffer) {
        if (json.isTextual()) {
            return buffer ? json.asText().getBytes(StandardCharsets.UTF_8) : json.asText();
        }
        if (json.isBoolean()) {
            return json.asBoolean();
        }
        if (json.isIntegralNumber()) {
            return json.bigIntegerValue().longValue();
        }
        if (json.isNumber()) {
            return json.asDouble();
        }
        if (json.isArray()) {
            List<Object> items = new ArrayList<>();
            json.forEach(item -> items.add(value(item, false)));
            return items;
        }
        if (json.isObject() && json.has("hex")) {
            byte[] bytes = HexFormat.of().parseHex(json.get("hex").asText());
            return buffer ? bytes : text(bytes);
        }
        return null;
    }

    /** Bytes that are no UTF-8 stay apart from each other, and from U+FFFD: each is a lone surrogate. */
    private static String text(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        String remaining = new String(bytes, StandardCharsets.ISO_8859_1);
        while (!remaining.isEmpty()) {
            int length = 1;
            char first = remaining.charAt(0);
            int wanted = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
            String decoded = new String(
                    remaining.substring(0, Math.min(wanted, remaining.length())).getBytes(StandardCharsets.ISO_8859_1),
                    StandardCharsets.UTF_8);
            if (decoded.indexOf('\ufffd') >= 0) {
                text.append((char) (0xdc00 + first));
            } else {
                text.append(decoded);
                length = wanted;
            }
            remaining = remaining.substring(length);
        }
        return text.toString();
    }

    private static List<String> lines(Path file) throws IOException {
        try (BufferedReader reader = new BufferedReader(
                new InputStreamReader(new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
            return reader.lines().toList();
        }
    }
}
