package dev.pounce.detection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.detection.language.CompiledCondition;
import dev.pounce.detection.language.ConditionText;
import dev.pounce.detection.language.FieldUse;
import dev.pounce.source.Place;
import dev.pounce.source.Problems;
import dev.pounce.testing.ADetection;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Fields of other products' detections, whose JSON has its own ideas of types. */
class DetectionFieldsTest {

    private static boolean holds(String condition, Detection detection) {
        Problems problems = new Problems();
        CompiledCondition<Detection> compiled = ConditionText.compile(
                        condition, Place.startOf("where"), new DetectionFields(), problems)
                .orElseThrow(() -> new AssertionError(problems.all()));
        return compiled.condition().test(detection);
    }

    static Stream<Map.Entry<String, Object>> values() {
        return Stream.of(
                Map.entry("proc.pid = 5", 5),
                Map.entry("proc.pid = 5", 5L),
                Map.entry("proc.pid = 5", 5.0),
                Map.entry("proc.pid = 5", "5"),
                Map.entry("proc.pid = -5", "-5"),
                Map.entry("proc.pid > 4", (short) 5),
                Map.entry("ka.response.code = 201", 201),
                Map.entry("ka.response.code = 201", "201"),
                Map.entry("ka.req.pod.host_network = true", true),
                Map.entry("ka.user.groups intersects (a)", List.of("a", "b")),
                Map.entry("evt.failed = true", true));
    }

    @ParameterizedTest
    @MethodSource("values")
    void aFieldOfFalcoHasTheTypeThatFalcoGivesIt(Map.Entry<String, Object> value) {
        String field = value.getKey().substring(0, value.getKey().indexOf(' '));
        assertThat(holds(
                        value.getKey(),
                        ADetection.of("X").field(field, value.getValue()).build()))
                .isTrue();
        assertThat(holds(value.getKey(), ADetection.of("X").field(field, "-").build()))
                .isFalse();
        assertThat(holds(value.getKey(), ADetection.of("X").field(field, null).build()))
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource({"5.5", "1e300"})
    void aFractionIsNoWholeNumber(double fraction) {
        assertThat(holds(
                        "proc.pid = 5",
                        ADetection.of("X").field("proc.pid", fraction).build()))
                .isFalse();
    }

    static Stream<Map.Entry<String, Object>> texts() {
        return Stream.of(
                Map.entry("a", "a"),
                Map.entry("5", 5),
                Map.entry("1234567", 1234567.0),
                Map.entry("0.5", 0.5),
                Map.entry("true", true),
                Map.entry("[a 5]", List.of("a", 5)),
                Map.entry("NaN", Double.NaN));
    }

    @ParameterizedTest
    @MethodSource("texts")
    void anyFieldCanBeAskedForByItsNameAsText(Map.Entry<String, Object> value) {
        // Given
        Detection detection =
                ADetection.of("X").field("team/my-key", value.getValue()).build();

        // Then
        assertThat(holds("detection.field[team/my-key] = \"" + value.getKey() + "\"", detection))
                .isTrue();
        assertThat(holds("detection.field[team/other] exists", detection)).isFalse();
    }

    @Test
    void whatEveryDetectionHasIsThere() {
        // Given
        Detection detection = ADetection.of("Shell")
                .priority(Priority.ERROR)
                .tags("b", "a")
                .process(7)
                .build();

        // Then
        assertThat(holds("detection.rule = Shell and detection.priority = Error", detection))
                .isTrue();
        assertThat(holds("detection.source = syscall and detection.tags = \"a,b\"", detection))
                .isTrue();
        assertThat(holds("detection.hostname = node-1", detection)).isTrue();
        assertThat(DetectionFields.valueOf("detection.id", detection)).isEqualTo(detection.id());
        assertThat(DetectionFields.valueOf(
                        "detection.hostname", ADetection.of("X").build()))
                .isNull();
    }

    @Test
    void onlyFieldsOfFalcoAreAskedOfOurOwnDetector() {
        assertThat(Stream.of(
                                "proc.name",
                                "proc.aname[2]",
                                "detection.rule",
                                "detection.field[x]",
                                "detection.field[proc.name]")
                        .flatMap(name -> DetectionFields.carriedFor(FieldUse.parse(name)).stream())
                        .map(FieldUse::toString))
                .containsExactly("proc.name", "proc.aname[2]", "proc.name");
    }
}
