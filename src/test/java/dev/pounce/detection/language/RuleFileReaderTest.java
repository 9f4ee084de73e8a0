package dev.pounce.detection.language;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.detection.Priority;
import dev.pounce.source.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RuleFileReaderTest {

    private static final String RULE = """
            - rule: shell
              desc: why
              condition: evt.type = execve and proc.name = sh
              output: shell %proc.name
              priority: info
              tags: [b, a]
            """;

    @Test
    void readsARuleWithItsDefaults() {
        Rule rule = load(RULE).rule("shell").orElseThrow();

        assertThat(rule.priority()).isEqualTo(Priority.INFORMATIONAL);
        assertThat(rule.source()).isEqualTo("syscall");
        assertThat(rule.tags()).containsExactly("a", "b");
        assertThat(rule.enabled()).isTrue();
        assertThat(rule.description()).isEqualTo("why");
        assertThat(rule.eventTypes()).isEqualTo(new EventTypeSet(false, java.util.Set.of("execve")));
    }

    @Test
    void putsListsAndMacrosInWhereverTheyAreDefined() {
        RuleSet rules = load("""
                - rule: shell
                  desc: why
                  condition: started and proc.name in (shells, none, zsh) and not proc.name in (none)
                  output: shell
                  priority: INFO
                - macro: started
                  condition: (evt.type = execve and ok)
                - macro: ok
                  condition: evt.rawres >= 0
                - list: base
                  items: [sh, 'two words', '"quoted words"']
                - list: shells
                  items: [bash, base]
                - list: none
                  items: []
                """);

        for (String name : List.of("sh", "bash", "zsh", "two words", "quoted words")) {
            assertThat(fires(rules, "shell", "evt.type", "execve", "evt.rawres", 0, "proc.name", name))
                    .as(name)
                    .isTrue();
        }
        assertThat(fires(rules, "shell", "evt.type", "execve", "evt.rawres", 0, "proc.name", "words"))
                .isFalse();
        assertThat(fires(rules, "shell", "evt.type", "execve", "evt.rawres", -2, "proc.name", "sh"))
                .isFalse();
    }

    @Test
    void laterFilesAppendReplaceAndSwitchOff() {
        // Given
        RuleFileReader reader = new RuleFileReader();
        reader.read(
                "a.yaml",
                RULE + RULE.replace("shell", "other")
                        + "- list: l\n  items: [x]\n- macro: m\n  condition: proc.name = a\n");

        // When
        reader.read("b.yaml", """
                - rule: shell
                  condition: and proc.pid = 1
                  tags: [c]
                  priority: CRITICAL
                  override: { condition: append, tags: append, priority: replace }
                - rule: other
                  enabled: false
                  override: { enabled: replace }
                - list: l
                  items: [y]
                  append: true
                - macro: m
                  condition: or proc.name in (l)
                  append: true
                - rule: uses
                  desc: d
                  condition: m
                  output: o
                  priority: debug
                """);
        RuleSet rules = reader.finish().rules().orElseThrow();

        // Then
        Rule shell = rules.rule("shell").orElseThrow();
        assertThat(shell.priority()).isEqualTo(Priority.CRITICAL);
        assertThat(shell.tags()).containsExactly("a", "b", "c");
        assertThat(fires(rules, "shell", "evt.type", "execve", "proc.name", "sh", "proc.pid", 1))
                .isTrue();
        assertThat(fires(rules, "shell", "evt.type", "execve", "proc.name", "sh", "proc.pid", 2))
                .isFalse();
        assertThat(rules.enabledRules().stream().map(Rule::name)).containsExactly("shell", "uses");
        assertThat(fires(rules, "uses", "proc.name", "y")).isTrue();
    }

    @Test
    void aRuleGivenAgainIsReplacedAndKeepsItsPosition() {
        RuleSet rules =
                load(RULE + RULE.replace("shell", "second") + RULE.replace("proc.name = sh", "proc.name = csh"));

        assertThat(rules.rules().stream().map(Rule::name)).containsExactly("shell", "second");
        assertThat(fires(rules, "shell", "evt.type", "execve", "proc.name", "csh"))
                .isTrue();
    }

    @Test
    void exceptionsNarrowTheCondition() {
        RuleSet rules = load("""
                - list: trusted
                  items: [apt, dpkg]
                - rule: r
                  desc: d
                  condition: evt.type = execve or evt.type = open
                  output: o
                  priority: ERROR
                  exceptions:
                    - { name: one, fields: proc.name, values: [trusted, "two words"] }
                    - { name: tuple, fields: [proc.name, fd.name], comps: [=, startswith], values: [[vi, /etc], [ed, "/a b"]] }
                    - { name: lists, fields: [proc.name, proc.pname], comps: [in, =], values: [[[a, b], c]] }
                    - { name: nothing, fields: [proc.name] }
                - rule: r
                  exceptions:
                    - { name: one, values: [more] }
                  append: true
                """);

        assertThat(fires(rules, "r", "evt.type", "execve", "proc.name", "x")).isTrue();
        assertThat(fires(rules, "r", "evt.type", "execve", "proc.name", "dpkg")).isFalse();
        assertThat(fires(rules, "r", "evt.type", "open", "proc.name", "two words"))
                .isFalse();
        assertThat(fires(rules, "r", "evt.type", "open", "proc.name", "more")).isFalse();
        assertThat(fires(rules, "r", "evt.type", "open", "proc.name", "vi", "fd.name", "/etc/x"))
                .isFalse();
        assertThat(fires(rules, "r", "evt.type", "open", "proc.name", "vi", "fd.name", "/usr"))
                .isTrue();
        assertThat(fires(rules, "r", "evt.type", "open", "proc.name", "ed", "fd.name", "/a b/c"))
                .isFalse();
        assertThat(fires(rules, "r", "evt.type", "open", "proc.name", "b", "proc.pname", "c"))
                .isFalse();
        assertThat(fires(rules, "r", "evt.type", "open", "proc.name", "b", "proc.pname", "d"))
                .isTrue();
    }

    @Test
    void acceptsWhateverVersionsAreRequired() {
        assertThat(load("""
                                - required_engine_version: 0.57.0
                                - required_plugin_versions:
                                  - name: container
                                    version: 0.4.0
                                """ + RULE).rules()).hasSize(1);
    }

    @Test
    void reportsAllMistakesOfAFileAtOnceEachWithItsPlace() {
        // Given
        String file = """
                - rule: broken
                  desc: d
                  condition: >
                    evt.type = execve
                    and proc.nam = sh
                    and proc.pid = five
                  output: "who %usr.name %"
                  priority: WARN
                  tag: [x]
                - macro: m
                  condition: proc.name = "a
                - rule: second
                  condition: unknown_macro and proc.name regex "["
                  output: o
                  priority: INFO
                - listt: l
                  items: [a]
                - rule: third
                  enabled: maybe
                - rule: fourth
                  desc: d
                  condition: evt.type=execve
                  output: 'it''s %proc.nme'
                  priority: INFO
                - just a text
                """;

        // When
        RuleFileReader.Outcome outcome = read(file);

        // Then
        assertThat(outcome.rules()).isEmpty();
        assertThat(outcome.problems().stream().filter(Problem::isError).map(RuleFileReaderTest::short_))
                .containsExactly(
                        "5:9 unknown field 'proc.nam'",
                        "6:20 'five'",
                        "7:17 unknown field 'usr.name'",
                        "7:26 '%' at the end of the output",
                        "8:13 unknown priority 'WARN'",
                        "9:3 unknown key 'tag'",
                        "11:26 a quote that is never closed",
                        "12:3 no key 'desc'",
                        "13:14 unknown macro 'unknown_macro'",
                        "13:48 the regular expression '[' with missing closing ]: [",
                        "16:3 unknown kind of item 'listt'",
                        "18:9 unknown rule to change 'third'",
                        "23:19 unknown field 'proc.nme'",
                        "25:3 'just a text'");
    }

    @Test
    void placesPointIntoBlocksAndQuotedTexts() {
        RuleFileReader.Outcome outcome = read("""
                - rule: folded
                  desc: d
                  condition: >
                    evt.type = execve

                    and proc.nam = sh
                      and proc.pid = five
                  output: o
                  priority: INFO
                - rule: quoted
                  desc: d
                  condition: "proc.name = \\"a\\" and
                    fd.nam = x"
                  output: o
                  priority: INFO
                - rule: literal
                  desc: d
                  condition: |
                    evt.type = execve
                    and fd.typ = f
                  output: |
                    first line
                    %fd.nme here
                  priority: INFO
                """);

        assertThat(outcome.problems().stream().filter(Problem::isError).map(RuleFileReaderTest::short_))
                .containsExactly(
                        "6:9 unknown field 'proc.nam'",
                        "7:22 'five'",
                        "13:5 unknown field 'fd.nam'",
                        "20:9 unknown field 'fd.typ'",
                        "23:6 unknown field 'fd.nme'");
    }

    @Test
    void aRuleThatIsAskedAboutEveryEventIsDoubtful() {
        String slow = RULE.replace("evt.type = execve and ", "");

        assertThat(read(slow).problems()).hasSize(1).noneMatch(Problem::isError);
        assertThat(read(slow + "  warn_evttypes: false\n").problems()).isEmpty();
    }

    @Test
    void aMisspeltListIsDoubtfulAndAMisspeltPriorityIsExplained() {
        RuleFileReader.Outcome outcome = read("- list: shell_binaries\n  items: [sh]\n"
                + RULE.replace("proc.name = sh", "proc.name in (shel_binaries)").replace("info", "CRITCAL"));

        assertThat(outcome.problems().stream().flatMap(problem -> problem.suggestion().stream()))
                .containsExactly("did you mean the list 'shell_binaries'?", "did you mean 'Critical'?");
        assertThat(outcome.problems().getFirst().isError()).isFalse();
    }

    @Test
    void aMacroWithinItselfIsAnError() {
        RuleFileReader.Outcome outcome =
                read("- macro: a\n  condition: b or proc.name = x\n- macro: b\n  condition: a\n"
                        + RULE.replace("proc.name = sh", "a"));

        assertThat(outcome.problems().stream().map(Problem::found)).anyMatch(found -> found.contains("within itself"));
        assertThat(outcome.rules()).isEmpty();
    }

    @Test
    void aRuleThatAsksForItIsLeftOutWhenItsFieldsAreUnknown() {
        RuleFileReader.Outcome outcome =
                read(RULE + RULE.replace("shell", "other").replace("proc.name = sh", "no.field = 1")
                        + "  skip-if-unknown-filter: true\n");

        assertThat(outcome.rules().orElseThrow().rules()).hasSize(1);
        assertThat(outcome.problems()).hasSize(1).noneMatch(Problem::isError);
    }

    @Test
    void rulesOfSourcesThatNothingReportsAreLeftOutWithAWarning() {
        RuleFileReader.Outcome outcome = read(RULE + "  source: okta\n");

        assertThat(outcome.rules().orElseThrow().rules()).isEmpty();
        assertThat(outcome.problems()).hasSize(1).noneMatch(Problem::isError);
    }

    @Test
    void readsTheFilesOfADirectoryInAlphabeticalOrder(@TempDir Path directory) throws IOException {
        // Given
        Files.writeString(directory.resolve("20-b.yml"), RULE.replace("why", "second"));
        Files.writeString(directory.resolve("10-a.yaml"), RULE.replace("why", "first"));
        Files.writeString(directory.resolve("notes.txt"), "no rules");

        // When
        RuleFileReader.Outcome outcome = RuleFileReader.load(List.of(directory));

        // Then
        assertThat(outcome.rules().orElseThrow().rule("shell").orElseThrow().description())
                .isEqualTo("second");
    }

    /** Hostile or half-written files end in an outcome, never in an exception. */
    @Test
    void brokenFilesAreRefusedAndNeverThrow() {
        // Given
        String whole = RULE + """
                  exceptions:
                    - { name: one, fields: [proc.name, fd.name], comps: [in, =], values: [[[a, b], c], [d, e]] }
                - list: l
                  items: [a, 'b c', 3]
                - macro: m
                  condition: >
                    proc.name in (l)
                    and not fd.name = "x"
                - rule: shell
                  condition: or m
                  tags: [c]
                  override: { condition: append, tags: replace }
                """;
        assertThat(read(whole).rules()).isPresent();
        Random random = new Random(11);
        String alphabet = " \n\t-:[]{},'\"#&*!|>%ab0()";
        int refused = 0;

        for (int i = 0; i < 3000; i++) {
            StringBuilder text = new StringBuilder(whole);
            for (int change = 0; change < 1 + random.nextInt(3); change++) {
                int at = random.nextInt(text.length() + 1);
                switch (random.nextInt(4)) {
                    case 0 -> text.delete(at, Math.min(text.length(), at + 1 + random.nextInt(30)));
                    case 1 -> text.insert(at, alphabet.charAt(random.nextInt(alphabet.length())));
                    case 2 -> text.insert(at, text.substring(Math.min(at, 10), Math.min(text.length(), at + 20)));
                    default -> text.setLength(at);
                }
            }

            // When
            RuleFileReader.Outcome outcome = read(text.toString());

            // Then
            boolean hasErrors = outcome.problems().stream().anyMatch(Problem::isError);
            assertThat(outcome.rules().isPresent()).as(text.toString()).isNotEqualTo(hasErrors);
            refused += hasErrors ? 1 : 0;
        }
        assertThat(refused).isBetween(500, 2950);
    }

    private static String short_(Problem problem) {
        return problem.place().line() + ":" + problem.place().column() + " " + problem.found();
    }

    private static RuleFileReader.Outcome read(String text) {
        RuleFileReader reader = new RuleFileReader();
        reader.read("rules.yaml", text);
        return reader.finish();
    }

    private static RuleSet load(String text) {
        RuleFileReader.Outcome outcome = read(text);
        assertThat(outcome.problems().stream().filter(Problem::isError).map(Problem::render))
                .isEmpty();
        return outcome.rules().orElseThrow();
    }

    private static boolean fires(RuleSet rules, String rule, Object... event) {
        Map<String, Object> fields = MapFields.event(event);
        return rules.rule(rule).orElseThrow().compile(new MapFields()).test(fields);
    }
}
