package dev.pounce.detection;

import static dev.pounce.detection.language.MapFields.event;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.detection.language.FieldUse;
import dev.pounce.detection.language.MapFields;
import dev.pounce.detection.language.RuleFileReader;
import dev.pounce.detection.language.RuleSet;
import dev.pounce.source.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class DetectorTest {

    private static final String RULES = """
            - rule: first
              desc: d
              condition: evt.type in (execve, execveat) and proc.name = sh
              output: "%proc.name|%8proc.name|%2user.name|%fd.types|%toupper(proc.name)|%proc.aname[2]|100"
              priority: NOTICE
              tags: [b, a]
            - rule: second
              desc: d
              condition: proc.name = sh and not evt.type = open
              output: two
              priority: DEBUG
            - rule: off
              desc: d
              condition: proc.name = sh
              output: three
              priority: DEBUG
              enabled: false
            """;

    @Test
    void reportsEveryRuleThatMatchesInTheirOrder() {
        List<Detection> detections =
                detector(RULES, MatchMode.ALL).detect(event("evt.type", "execve", "proc.name", "sh"));

        assertThat(detections.stream().map(Detection::rule)).containsExactly("first", "second");
        assertThat(detections.stream().map(Detection::id)).containsExactly("id-1", "id-2");
    }

    @Test
    void reportsOnlyTheFirstRuleThatMatchesWhenAskedTo() {
        assertThat(detector(RULES, MatchMode.FIRST).detect(event("evt.type", "execve", "proc.name", "sh")))
                .hasSize(1);
    }

    @Test
    void rendersTheOutputAndReportsItsFieldsAndThoseAlwaysWanted() {
        Detection detection = detector(RULES, MatchMode.FIRST)
                .detect(event(
                        "evt.type",
                        "execve",
                        "proc.name",
                        "sh",
                        "user.name",
                        "root",
                        "fd.types",
                        List.of("a", "b"),
                        "proc.pid",
                        7))
                .getFirst();

        assertThat(detection.output()).isEqualTo("sh|sh      |ro|(a,b)|SH|<NA>|100");
        assertThat(detection.fields())
                .containsEntry("proc.name", "sh")
                .containsEntry("fd.types", List.of("a", "b"))
                .containsEntry("proc.aname[2]", null)
                .containsEntry("proc.pid", 7L)
                .hasSize(5);
        assertThat(detection.tags()).containsExactly("a", "b");
        assertThat(detection.time()).isEqualTo(MapKind.TIME);
    }

    @Test
    void asksARuleOnlyAboutTheTypesOfEventsOnWhichItCanFire() {
        // Given
        List<String> asked = new ArrayList<>();
        MapFields fields = new MapFields();
        Detector<Map<String, Object>> detector = new Detector<>(
                load(RULES.replace("- rule: second", "- rule: second")
                        .replace("proc.name = sh and not evt.type = open", "evt.type = connect")),
                "syscall",
                use -> fields.bind(use).map(extractor -> event -> {
                    asked.add(use.toString());
                    return extractor.extract(event);
                }),
                new MapKind(),
                MatchMode.ALL,
                () -> "id",
                Set.of());

        // When
        detector.detect(event("evt.type", "openat", "proc.name", "sh"));

        // Then
        assertThat(asked).isEmpty();
        assertThat(detector.isInterestedIn("openat")).isFalse();
        assertThat(detector.isInterestedIn("execve")).isTrue();
        assertThat(detector.isInterestedIn("connect")).isTrue();
    }

    @Test
    void saysOfEachRuleWhetherItCanFireHere() {
        // Given
        String rules = """
                - { rule: fully, desc: d, output: o, priority: INFO, condition: evt.type = execve and proc.name = a }
                - { rule: some events, desc: d, output: o, priority: INFO, condition: "evt.type in (execve, bpf)" }
                - { rule: a field, desc: d, output: o, priority: INFO, condition: evt.type = execve and container.image = a }
                - { rule: never, desc: d, output: o, priority: INFO, condition: evt.type = bpf }
                - { rule: never too, desc: d, output: o, priority: INFO, condition: evt.type = open and container.name = a }
                - { rule: part, desc: d, output: o, priority: INFO, condition: evt.type = open and not container.name = a }
                """;
        MapFields fields = new MapFields();
        Detector<Map<String, Object>> detector = new Detector<>(
                load(rules),
                "syscall",
                use -> use.name().startsWith("container") ? Optional.empty() : fields.bind(use),
                new MapKind(),
                MatchMode.ALL,
                () -> "id",
                Set.of());

        // When
        List<RuleCoverage> coverage = detector.coverage();

        // Then
        assertThat(coverage.stream().map(RuleCoverage::fires))
                .containsExactly(
                        RuleCoverage.Fires.FULLY,
                        RuleCoverage.Fires.PARTLY,
                        RuleCoverage.Fires.NEVER,
                        RuleCoverage.Fires.NEVER,
                        RuleCoverage.Fires.NEVER,
                        RuleCoverage.Fires.PARTLY);
        assertThat(coverage.get(2).unsupported()).containsExactly("container.image");
    }

    @Test
    void theFieldsOfADetectionCanBeAskedAboutInTheSameLanguage() {
        // Given
        Detection detection = detector(RULES, MatchMode.FIRST)
                .detect(event("evt.type", "execve", "proc.name", "sh", "proc.aname[2]", "sshd", "proc.pid", 7))
                .getFirst();
        RuleSet where = load(
                "- { rule: w, desc: d, output: o, priority: INFO, condition: \"proc.aname[2] = sshd and proc.pid > 6\" }");

        // When and then
        assertThat(where.rules().getFirst().compile(new DetectionFields()).test(detection))
                .isTrue();
    }

    private static RuleSet load(String rules) {
        RuleFileReader reader = new RuleFileReader();
        reader.read("rules.yaml", rules);
        RuleFileReader.Outcome outcome = reader.finish();
        assertThat(outcome.problems().stream().filter(Problem::isError)).isEmpty();
        return outcome.rules().orElseThrow();
    }

    private static Detector<Map<String, Object>> detector(String rules, MatchMode mode) {
        AtomicInteger ids = new AtomicInteger();
        return new Detector<>(
                load(rules),
                "syscall",
                new MapFields(),
                new MapKind(),
                mode,
                () -> "id-" + ids.incrementAndGet(),
                Set.of(new FieldUse("proc.pid", null)));
    }
}
