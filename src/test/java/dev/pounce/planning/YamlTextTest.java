package dev.pounce.planning;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.source.Place;
import dev.pounce.source.Problems;
import dev.pounce.source.Yaml;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class YamlTextTest {

    private static final Place PLACE = Place.startOf("made");

    private static Yaml text(String text) {
        return new Yaml.Scalar(PLACE, text, true, false);
    }

    private static Yaml.Mapping mapping(String key, Yaml value) {
        Map<String, Yaml.Entry> entries = new LinkedHashMap<>();
        entries.put(key, new Yaml.Entry(PLACE, value));
        entries.put("after", new Yaml.Entry(PLACE, text("it")));
        return new Yaml.Mapping(PLACE, entries);
    }

    private static Object plain(Yaml value) {
        return switch (value) {
            case Yaml.Scalar scalar -> scalar.isNull() ? "nothing" : scalar.text();
            case Yaml.Sequence list ->
                list.items().stream().map(YamlTextTest::plain).toList();
            case Yaml.Mapping map -> {
                Map<String, Object> plain = new LinkedHashMap<>();
                map.entries().forEach((key, entry) -> plain.put(key, plain(entry.value())));
                yield plain;
            }
        };
    }

    private static void assertThatItReadsBack(Yaml.Mapping written) {
        Problems problems = new Problems();
        List<Yaml> read = Yaml.read("x.yaml", YamlText.of(written), problems);
        assertThat(problems.all()).isEmpty();
        assertThat(plain(read.getFirst())).isEqualTo(plain(written));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "a",
                "a b",
                " a ",
                "true",
                "No",
                "null",
                "~",
                "1",
                "-1",
                "1.5",
                "0x10",
                "1e3",
                "- a",
                "a: b",
                "a:",
                "a #b",
                "#a",
                "'",
                "\"",
                "it's \"both\"",
                "say \"x\"",
                "\\",
                "c:\\",
                "a\tb",
                "a\nb",
                "a\nb\n",
                "a\n\nb\n\n",
                "\na",
                " a\nb",
                "a \nb",
                "a\n  b",
                "{a}",
                "[a]",
                "&a",
                "*",
                "*a",
                "!a",
                "|",
                ">",
                "%a",
                "@a",
                "`a`",
                "${fd.name}",
                "$$",
                "=",
                "?",
                ", ",
                "a, b",
                "\u0000\u0007\u001b",
                "\u2028",
                "\u00e9",
                "\ud83d\ude00",
                "\u202e",
                "---",
                "...",
                "2026-11-23",
                "10.0.0.0/8",
                ">=Critical",
                "a\r\nb",
                "key: [",
                "x\ntab\there"
            })
    void anyTextReadsBackAsItIs(String text) {
        assertThatItReadsBack(mapping("key", text(text)));
        assertThatItReadsBack(mapping("key", new Yaml.Sequence(PLACE, List.of(text(text), text("b")))));
        assertThatItReadsBack(mapping("key", mapping(text, text(text))));
        assertThatItReadsBack(
                mapping("key", new Yaml.Sequence(PLACE, List.of(mapping("a", text(text)), mapping("b", text(text))))));
    }

    @Test
    void whatIsEmptyAndWhatIsNestedReadsBackAsItIs() {
        Yaml none = new Yaml.Sequence(PLACE, List.of());
        Yaml nested =
                new Yaml.Sequence(PLACE, List.of(new Yaml.Sequence(PLACE, List.of(text("a"), text("b"))), text("c")));
        assertThatItReadsBack(mapping("key", none));
        assertThatItReadsBack(mapping("key", nested));
        assertThatItReadsBack(mapping("key", new Yaml.Mapping(PLACE, Map.of())));
        assertThatItReadsBack(mapping(
                "key",
                new Yaml.Sequence(PLACE, List.of(new Yaml.Mapping(PLACE, Map.of()), none, mapping("k", nested)))));
    }

    @Test
    void aListThatIsTooLongForALineIsWrittenBelow() {
        Yaml.Mapping written =
                mapping("key", new Yaml.Sequence(PLACE, java.util.Collections.nCopies(40, text("rather long"))));
        assertThat(YamlText.of(written)).startsWith("key:\n  - rather long\n");
        assertThatItReadsBack(written);
    }
}
