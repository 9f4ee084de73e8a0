package dev.pounce.correlation;

import static dev.pounce.correlation.ATrigger.selector;
import static dev.pounce.correlation.ATrigger.selectors;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pounce.asset.ContainerRef;
import dev.pounce.asset.PodRef;
import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import dev.pounce.testing.ADetection;
import dev.pounce.testing.Numbers;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A history is written as words such as {@code a1@20}: rule {@code a}, key {@code 1}, twenty seconds after the beginning. What
 * comes of it is written as {@code set:a1@20,b1@25}: the set and its evidence. Arrival is in the order of the words, at the
 * second behind the {@code @}, or at the one behind a second {@code @}.
 */
class PatternsOverTimeTest {

    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final List<String> BY = List.of("key");

    private final List<DroolsCorrelator> opened = new ArrayList<>();
    private int detections;

    @AfterEach
    void close() {
        opened.forEach(DroolsCorrelator::close);
    }

    private DroolsCorrelator correlator(ATrigger... triggers) {
        return correlator(1_000_000, triggers);
    }

    private DroolsCorrelator correlator(int liveKeys, ATrigger... triggers) {
        DroolsCorrelator correlator = new DroolsCorrelator(book(triggers), new Numbers("i-"), 1000, liveKeys);
        opened.add(correlator);
        return correlator;
    }

    private static RuleBook book(ATrigger... triggers) {
        return new RuleBook(List.of(triggers).stream().map(ATrigger::build).toList());
    }

    private static ATrigger set(String name, Pattern pattern) {
        return ATrigger.named(name).pattern(pattern);
    }

    private static Pattern sequence(String... rules) {
        return new Pattern.Sequence(selectors(rules), MINUTE, BY);
    }

    private static Pattern all(String... rules) {
        return new Pattern.All(selectors(rules), MINUTE, BY);
    }

    private static Pattern count(int atLeast) {
        return new Pattern.Count(selector("a"), atLeast, MINUTE, BY);
    }

    private static Pattern values(int atLeast) {
        return new Pattern.ValueCount(selector("a"), "value", atLeast, MINUTE, BY);
    }

    private static Pattern absence(String seen, String missing) {
        return new Pattern.Absence(selector(seen), selector(missing), MINUTE, BY);
    }

    private static Instant second(double offset) {
        return ADetection.TIME.plusNanos(Math.round(offset * 1e9));
    }

    /** {@code a1@20}, or {@code a1@20@23} if it comes three seconds late, with {@code =x} behind it for a value. */
    private Detection detection(String word) {
        String[] valueApart = word.split("=");
        String[] parts = valueApart[0].split("@");
        ADetection detection = ADetection.of(parts[0].substring(0, 1))
                .id("d-" + detections)
                .tags("t" + detections++)
                .field("word", word)
                .time(second(Double.parseDouble(parts[1])));
        if (parts[0].length() > 1) {
            detection.field("key", parts[0].substring(1));
        }
        if (valueApart.length > 1) {
            detection.field("value", valueApart[1]);
        }
        return detection.build();
    }

    private static Instant arrival(String word) {
        String[] parts = word.split("=")[0].split("@");
        return second(Double.parseDouble(parts[parts.length - 1]));
    }

    private List<String> history(Correlator correlator, String words) {
        List<String> found = new ArrayList<>();
        for (String word : words.split(" +")) {
            Instant now = arrival(word);
            List<Incident> incidents = word.startsWith("@")
                    ? correlator.elapsed(now)
                    : correlator.accept(detection(word), now).incidents();
            found.addAll(said(incidents));
        }
        return found;
    }

    private static List<String> said(List<Incident> incidents) {
        return incidents.stream()
                .map(incident -> incident.matches().stream()
                        .map(match -> match.actionSet() + ":"
                                + match.evidence().stream()
                                        .map(detection -> String.valueOf(
                                                detection.fields().get("word")))
                                        .collect(Collectors.joining(",")))
                        .collect(Collectors.joining(" ")))
                .toList();
    }

    @Nested
    class Sequences {

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "a1@0 b1@10                          | s:a1@0,b1@10",
                    "b1@0 a1@10                          |",
                    "a1@0 b1@60                          | s:a1@0,b1@60",
                    "a1@0 b1@60.000000001                |",
                    "a1@0 a1@30 b1@70                    | s:a1@30,b1@70",
                    "a1@0 b1@0                           | s:a1@0,b1@0",
                    "b1@0 a1@0                           |",
                    "a1@0 b2@10                          |",
                    "a1@0 a2@1 b2@2 b1@3                 | s:a2@1,b2@2 s:a1@0,b1@3",
                    "a1@0 b1@1 b1@2                      | s:a1@0,b1@1",
                    "a1@0 a1@1 b1@2 b1@3                 | s:a1@1,b1@2",
                    "a1@0 b1@1 a1@2 b1@3                 | s:a1@0,b1@1 s:a1@2,b1@3",
                    "a@0 b@1                             |",
                    "a1@0 b@1                            |",
                })
        void oneBehindTheOther(String history, String expected) {
            assertThat(String.join(" ", history(correlator(set("s", sequence("a", "b"))), history)))
                    .isEqualTo(expected == null ? "" : expected);
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "a1@0 b1@20 c1@60                    | s:a1@0,b1@20,c1@60",
                    "a1@0 b1@20 c1@60.000000001          |",
                    "a1@0 b1@20 a1@30 c1@61              |",
                    "a1@0 b1@20 a1@30 b1@40 c1@61        | s:a1@30,b1@40,c1@61",
                    "a1@0 b1@20 a1@30 c1@40 b1@50 c1@55  | s:a1@0,b1@20,c1@40 s:a1@30,b1@50,c1@55",
                    "a1@0 c1@1 b1@2 c1@3                 | s:a1@0,b1@2,c1@3",
                    "a1@0 b1@1 b1@2 c1@3 c1@4            | s:a1@0,b1@1,c1@3",
                })
        void threeInTurn(String history, String expected) {
            assertThat(String.join(" ", history(correlator(set("s", sequence("a", "b", "c"))), history)))
                    .isEqualTo(expected == null ? "" : expected);
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "a1@0 a1@1                           |",
                    "a1@0 a1@1 a1@2                      | s:a1@0,a1@1,a1@2",
                    "a1@0 a1@1 a1@2 a1@3 a1@4            | s:a1@0,a1@1,a1@2",
                    "a1@0 a1@1 a1@2 a1@3 a1@4 a1@5       | s:a1@0,a1@1,a1@2 s:a1@3,a1@4,a1@5",
                    "a1@0 a1@50 a1@70 a1@80              | s:a1@50,a1@70,a1@80",
                })
        void oneDetectionFillsOnePlaceAndServesOnce(String history, String expected) {
            assertThat(String.join(" ", history(correlator(set("s", sequence("a", "a", "a"))), history)))
                    .isEqualTo(expected == null ? "" : expected);
        }

        @Test
        void aDetectionThatComesFiveSecondsLateStillFindsWhatItBelongsTo() {
            DroolsCorrelator correlator = correlator(set("s", sequence("a", "b")));
            assertThat(history(correlator, "a1@0 @64.999 b1@60@65")).containsExactly("s:a1@0,b1@60@65");
        }

        @Test
        void whatClaimsToBeYoungerThanNowCountsAsFromNow() {
            DroolsCorrelator correlator = correlator(set("s", sequence("a", "b")));
            assertThat(history(correlator, "a1@0 b1@4000@60 a1@4000@70 b1@130"))
                    .containsExactly("s:a1@0,b1@4000@60", "s:a1@4000@70,b1@130");
        }

        @Test
        void whatIsAsLateAsWhatItFollowsBelongsToIt() {
            DroolsCorrelator correlator = correlator(set("s", sequence("a", "b")));
            assertThat(history(correlator, "a1@0@4000 @4050 b1@60@4060")).containsExactly("s:a1@0@4000,b1@60@4060");
        }

        @Test
        void twoKeysTogetherAreOneKey() {
            // Given
            Pattern pattern = new Pattern.Sequence(selectors("a", "b"), MINUTE, List.of("key", "value"));
            DroolsCorrelator correlator = correlator(set("s", pattern));

            // When
            List<String> found = history(correlator, "a1@0=x b1@1=y b2@2=x b1@3=x");

            // Then
            assertThat(found).containsExactly("s:a1@0=x,b1@3=x");
        }

        @Test
        void withoutKeysEverythingBelongsTogether() {
            // Given
            Pattern pattern = new Pattern.Sequence(selectors("a", "b"), MINUTE, List.of());
            DroolsCorrelator correlator = correlator(set("s", pattern));

            // When
            List<String> found = history(correlator, "a1@0 b2@1");

            // Then
            assertThat(found).containsExactly("s:a1@0,b2@1");
        }
    }

    @Nested
    class AllInAnyOrder {

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "a1@0 b1@10 c1@60                    | s:a1@0,b1@10,c1@60",
                    "c1@0 a1@10 b1@60                    | s:c1@0,a1@10,b1@60",
                    "c1@0 a1@10 b1@60.000000001          |",
                    "c1@0 a1@10 c1@20 b1@70              | s:a1@10,c1@20,b1@70",
                    "a1@0 b1@1 c1@2 a1@3 b1@4            | s:a1@0,b1@1,c1@2",
                    "a1@0 b1@1 c1@2 a1@3 c1@4 b1@5       | s:a1@0,b1@1,c1@2 s:a1@3,c1@4,b1@5",
                    "a1@0 b2@1 c1@2                      |",
                })
        void oneOfEach(String history, String expected) {
            assertThat(String.join(" ", history(correlator(set("s", all("a", "b", "c"))), history)))
                    .isEqualTo(expected == null ? "" : expected);
        }

        @Test
        void oneDetectionStandsForOneKindOnly() {
            // Given
            Selector either = ATrigger.named("either").rules("a", "b").selector();
            Pattern pattern = new Pattern.All(List.of(either, selector("a"), either), MINUTE, BY);
            DroolsCorrelator correlator = correlator(set("s", pattern));

            // When
            List<String> found = history(correlator, "a1@0 a1@1 b1@2 b1@3 b1@4 a1@5");

            // Then
            assertThat(found).containsExactly("s:a1@0,a1@1,b1@2", "s:b1@3,b1@4,a1@5");
        }
    }

    @Nested
    class Counts {

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "a1@0 a1@30 a1@60                    | s:a1@0,a1@30,a1@60",
                    "a1@0 a1@30 a1@60.000000001          |",
                    "a1@0 a1@30 a1@70 a1@90              | s:a1@30,a1@70,a1@90",
                    "a1@0 a1@1 a1@2 a1@3 a1@4            | s:a1@0,a1@1,a1@2",
                    "a1@0 a1@1 a1@2 a1@3 a1@4 a1@5       | s:a1@0,a1@1,a1@2 s:a1@3,a1@4,a1@5",
                    "a1@0 a2@1 a1@2 a2@3 b1@4            |",
                    "a1@0 a1@0 a1@0                      | s:a1@0,a1@0,a1@0",
                })
        void soManyOfOneKind(String history, String expected) {
            assertThat(String.join(" ", history(correlator(set("s", count(3))), history)))
                    .isEqualTo(expected == null ? "" : expected);
        }

        @Test
        void aCountOfTwoNeedsTwo() {
            assertThat(history(correlator(set("s", count(2))), "a1@0 a1@1 a1@2 a1@3"))
                    .containsExactly("s:a1@0,a1@1", "s:a1@2,a1@3");
        }

        @Test
        void aCountOfThousandsKeepsTheLastHundredAsEvidence() {
            // Given
            DroolsCorrelator correlator = correlator(set("s", count(5000)));
            String history =
                    IntStream.range(0, 5000).mapToObj(i -> "a1@" + i / 100.0).collect(Collectors.joining(" "));

            // When
            List<String> found = history(correlator, history);

            // Then
            assertThat(found)
                    .containsExactly("s:"
                            + IntStream.range(4900, 5000)
                                    .mapToObj(i -> "a1@" + i / 100.0)
                                    .collect(Collectors.joining(",")));
        }
    }

    @Nested
    class ValueCounts {

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "a1@0=x a1@30=y a1@60=z              | s:a1@0=x,a1@30=y,a1@60=z",
                    "a1@0=x a1@30=y a1@60.000000001=z    |",
                    "a1@0=x a1@30=y a1@40=x a1@70=z      | s:a1@30=y,a1@40=x,a1@70=z",
                    "a1@0=x a1@1=x a1@2=x a1@3=y         |",
                    "a1@0=x a1@1=y a1@2 a1@3=z           | s:a1@0=x,a1@1=y,a1@3=z",
                    "a1@0=x a1@1=y a1@2=z a1@3=x a1@4=y  | s:a1@0=x,a1@1=y,a1@2=z",
                    "a1@0=x a1@50=y a1@70=y a1@80=z a1@90=x | s:a1@70=y,a1@80=z,a1@90=x",
                })
        void soManyDifferentOnes(String history, String expected) {
            assertThat(String.join(" ", history(correlator(set("s", values(3))), history)))
                    .isEqualTo(expected == null ? "" : expected);
        }

        @Test
        void thousandsOfValuesKeepAHundredDetectionsAsEvidence() {
            // Given
            DroolsCorrelator correlator = correlator(set("s", values(5000)));
            String history = IntStream.range(0, 5000)
                    .mapToObj(i -> "a1@" + i / 100.0 + "=" + i)
                    .collect(Collectors.joining(" "));

            // When
            List<String> found = history(correlator, history);

            // Then
            assertThat(found).hasSize(1);
            assertThat(found.getFirst().split(",")).hasSize(100).endsWith("a1@49.99=4999");
        }
    }

    @Nested
    class Absences {

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "a1@0 @59.999999999                  |",
                    "a1@0 @60                            | s:a1@0",
                    "a1@0 @60 @61 @200                   | s:a1@0",
                    "a1@0 b1@60 @60 @100                 |",
                    "a1@0 b1@60.000000001 @61            | s:a1@0",
                    "a1@0 b2@10 @60                      | s:a1@0",
                    "b1@0 a1@10 @70                      | s:a1@10",
                    "a1@0 a1@50 @60 @110 @200            | s:a1@0",
                    "a1@0 a1@61 @61 @120 @121            | s:a1@0 s:a1@61",
                    "a1@0 b1@1 a1@2 @60 @62              | s:a1@2",
                    "a1@0 b1@60@64 @64                   |",
                    "a1@0 a2@0 @61                       | s:a1@0 s:a2@0",
                    "a1@0@100 @101 b1@10@102 @200        |", // late in a bunch
                    "a1@0@100 @104.9 @105                | s:a1@0@100",
                    "a1@0@100 b1@70@101 @101 b1@9@102 @200 |",
                    "a1@0@100 b1@70@101 @101 @105        | s:a1@0@100",
                    "a1@0@100 a1@70@101 @101 @130        | s:a1@0@100 s:a1@70@101",
                    "a1@58@59 @117 @118                  | s:a1@58@59",
                })
        void oneWithoutTheOther(String history, String expected) {
            assertThat(String.join(" ", history(correlator(set("s", absence("a", "b"))), history)))
                    .isEqualTo(expected == null ? "" : expected);
        }

        @Test
        void aSignOfLifeThatIsNotRepeated() {
            DroolsCorrelator correlator = correlator(set("s", absence("a", "a")));
            assertThat(history(correlator, "a1@0 @10 a1@50 @60 a1@100 @160")).containsExactly("s:a1@100");
        }

        @Test
        void allThatWaitedSinceOneDetectionAreOneIncident() {
            // Given
            DroolsCorrelator correlator = correlator(set("s", absence("a", "b")), set("t", absence("a", "c")));

            // When
            List<String> found = history(correlator, "a1@0 a2@10 c2@20 @100");

            // Then
            assertThat(found).containsExactly("s:a1@0 t:a1@0", "s:a2@10");
        }

        @Test
        void aCooldownHoldsItBackToo() {
            // Given
            DroolsCorrelator correlator =
                    correlator(set("s", absence("a", "b")).cooldown(Trigger.Per.RULE, Duration.ofMinutes(5)));

            // When
            List<String> found = history(correlator, "a1@0 @60 a1@100 @160 a1@301 @361");

            // Then
            assertThat(found).containsExactly("s:a1@0", "s:a1@301");
            assertThat(correlator.heldBack()).isEqualTo(1);
        }
    }

    @Nested
    class Keys {

        @Test
        void numbersAreEqualWhateverTheirType() {
            // Given
            List<Object> ones = List.of(1, 1L, 1.0, 1f, (short) 1, (byte) 1, BigInteger.ONE, new BigDecimal("1.00"));

            for (Object one : ones) {
                DroolsCorrelator correlator = correlator(set("s", sequence("a", "b")));
                correlator.accept(ADetection.of("a").field("key", 1).build(), ADetection.TIME);

                // When
                List<Incident> incidents = correlator
                        .accept(ADetection.of("b").field("key", one).build(), ADetection.TIME)
                        .incidents();

                // Then
                assertThat(incidents).as("%s", one.getClass()).hasSize(1);
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"1", "1.5", "2", "9223372036854775808"})
        void otherNumbersAreOthers(String other) {
            DroolsCorrelator correlator = correlator(set("s", sequence("a", "b")));
            correlator.accept(ADetection.of("a").field("key", 1).build(), ADetection.TIME);
            Object value = other.equals("1") ? other : new BigDecimal(other);
            assertThat(correlator
                            .accept(ADetection.of("b").field("key", value).build(), ADetection.TIME)
                            .incidents())
                    .isEmpty();
        }

        @ParameterizedTest
        @ValueSource(strings = {"container.id", "k8s.pod.name", "k8s.ns.name"})
        void containersAndPodsMayBeAssetsInsteadOfFields(String field) {
            // Given
            Pattern pattern = new Pattern.Sequence(selectors("a", "b"), MINUTE, List.of(field));
            DroolsCorrelator correlator = correlator(set("s", pattern));
            Map<String, Object> values =
                    Map.of("container.id", "0123456789ab", "k8s.pod.name", "web-1", "k8s.ns.name", "shop");
            Detection withAssets = new Detection(
                    "d-1",
                    ADetection.TIME,
                    "syscall",
                    "a",
                    Priority.WARNING,
                    List.of(),
                    "",
                    new LinkedHashMap<>(),
                    List.of(
                            new ContainerRef(ADetection.NODE, "0123456789abcdef"),
                            new PodRef("shop", "web-1", Optional.empty())));
            correlator.accept(withAssets, ADetection.TIME);

            // When
            List<Incident> incidents = correlator
                    .accept(ADetection.of("b").field(field, values.get(field)).build(), ADetection.TIME)
                    .incidents();

            // Then
            assertThat(incidents).hasSize(1);
        }

        @Test
        void oneThatIsNullTakesNoPart() {
            DroolsCorrelator correlator = correlator(set("s", sequence("a", "b")));
            correlator.accept(ADetection.of("a").field("key", null).build(), ADetection.TIME);
            assertThat(correlator
                            .accept(ADetection.of("b").field("key", null).build(), ADetection.TIME)
                            .incidents())
                    .isEmpty();
            assertThat(correlator.liveKeys()).isZero();
        }
    }

    @Nested
    class Together {

        @Test
        void allThatOneDetectionCompletesIsOneIncidentInTheOrderOfTheBook() {
            // Given
            DroolsCorrelator correlator = correlator(
                    set("sequence", sequence("a", "b")),
                    ATrigger.named("one").rules("b"),
                    set("all", all("b", "a")),
                    set("any", new Pattern.Any(List.of(selector("b"), selector("b"), selector("c")))),
                    set("count", new Pattern.Count(selector("b"), 2, MINUTE, BY)));

            // When
            List<String> found = history(correlator, "a1@0 b1@1 b1@2");

            // Then
            assertThat(found)
                    .containsExactly(
                            "sequence:a1@0,b1@1 one:b1@1 all:a1@0,b1@1 any:b1@1", "one:b1@2 any:b1@2 count:b1@1,b1@2");
        }

        @Test
        void whatIsHalfSeenIsWorthRemembering() {
            // Given
            DroolsCorrelator correlator = correlator(set("s", sequence("a", "b")), set("w", absence("c", "d")));

            // When
            List<Boolean> remembered = new ArrayList<>();
            for (String word :
                    List.of("b1@0", "a1@1", "a1@1", "b1@2", "b1@3", "x1@4", "c1@5", "c1@6", "d1@7", "d1@8")) {
                remembered.add(correlator.accept(detection(word), arrival(word)).remembered());
            }

            // Then
            assertThat(remembered).containsExactly(false, true, true, false, false, false, true, false, true, false);
        }

        @Test
        void whatIsUsedUpWithoutAnAnswerIsWorthRemembering() {
            // Given
            DroolsCorrelator correlator =
                    correlator(set("s", sequence("a", "b")).cooldown(Trigger.Per.RULE, Duration.ofMinutes(5)));
            history(correlator, "a1@0 b1@1 a1@2");

            // When
            Correlator.Finding finding = correlator.accept(detection("b1@3"), second(3));

            // Then
            assertThat(finding).isEqualTo(new Correlator.Finding(List.of(), true));
        }

        @Test
        void cooldownsOfAnAnswerThatIsTakenBackEndForWhomTheyHeldStill() {
            // Given
            DroolsCorrelator correlator =
                    correlator(set("s", count(2)).cooldown(Trigger.Per.RULE, Duration.ofMinutes(5)));
            history(correlator, "a1@0");
            Incident incident =
                    correlator.accept(detection("a1@1"), second(1)).incidents().getFirst();

            // When
            correlator.takeBack(incident);

            // Then
            assertThat(history(correlator, "a1@2 a1@3")).containsExactly("s:a1@2,a1@3");
        }
    }

    @Nested
    class AfterARestart {

        private void remember(Correlator correlator, String words) {
            for (String word : words.split(" ")) {
                correlator.remember(detection(word), arrival(word));
            }
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "a1@0            | b1@10                 | s:a1@0,b1@10",
                    "a1@0 b1@10      | b1@20                 |",
                    "a1@0 b1@10      | a1@20 b1@30           |",
                    "a1@0 b1@10      | a1@311 b1@312         | s:a1@311,b1@312",
                    "c1@0            | @60                   | w:c1@0",
                    "c1@0 c2@30      | @60 @90               | w:c2@30",
                    "c1@0 c2@70      | @70 @130              | w:c2@70",
                })
        void halfSeenPatternsAndCooldownsRemain(String before, String after, String expected) {
            // Given
            DroolsCorrelator correlator = correlator(
                    set("s", sequence("a", "b")).cooldown(Trigger.Per.RULE, Duration.ofMinutes(5)),
                    set("w", absence("c", "d")));
            remember(correlator, before);

            // When
            List<String> found = history(correlator, after);

            // Then
            if (before.equals("c1@0 c2@30")) {
                assertThat(found).containsExactly("w:c1@0", "w:c2@30");
            } else {
                assertThat(String.join(" ", found)).isEqualTo(expected == null ? "" : expected);
            }
        }

        /** Words as above; {@code !c1@60} is the journal's entry that the set answered c1 at 60. */
        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "c1@0                  | @1000            | w:c1@0",
                    "c1@0 !c1@60 c2@400    | @401 @460        | w:c2@400",
                    "c1@0 !c1@60           | @61              |",
                    "c1@0 d1@50@61         | @62              |",
                    "c1@0 d1@61            | @62              | w:c1@0",
                    "c1@0 !c1@60 c1@65     | @130 @361        | ", // while it cools down
                    "c1@0 c1@61            | @62 @122         | w:c1@0", // the second while it cools down
                    "c1@0 !c1@60 c1@61 a2@400 | @500          |",
                    "c1@0 !c1@60 c1@301    | @400             | w:c1@301",
                })
        void aWaitThatIsOverIsAnsweredUnlessTheJournalSaysThatItWas(String before, String after, String expected) {
            // Given
            DroolsCorrelator correlator =
                    correlator(set("w", absence("c", "d")).cooldown(Trigger.Per.RULE, Duration.ofMinutes(5)));
            recall(correlator, before);

            // When
            List<String> found = history(correlator, after);

            // Then
            assertThat(String.join(" ", found)).isEqualTo(expected == null ? "" : expected);
        }

        private void recall(DroolsCorrelator correlator, String words) {
            Map<String, String> ids = new HashMap<>();
            for (String word : words.split(" ")) {
                String key = word.substring(0, word.indexOf('@'));
                if (word.startsWith("!")) {
                    correlator.answered(List.of("w"), ids.getOrDefault(key.substring(1), ""), arrival(word));
                } else {
                    Detection detection = detection(word);
                    ids.put(key, detection.id());
                    correlator.recall(detection, arrival(word));
                }
            }
        }

        @Test
        void noIdIsUsedUpByWhatIsOnlyRemembered() {
            // Given
            DroolsCorrelator correlator = correlator(set("s", sequence("a", "b")), set("w", absence("c", "d")));

            // When
            remember(correlator, "c1@0 a1@0 b1@1 a1@100");

            // Then
            assertThat(correlator.accept(detection("b1@101"), second(101)).incidents())
                    .extracting(Incident::id)
                    .containsExactly("i-1");
            assertThat(correlator.heldBack()).isZero();
        }
    }

    @Nested
    class Reloading {

        @Test
        void whatUnchangedSetsHaveHalfSeenLivesOn() {
            // Given
            DroolsCorrelator correlator = correlator(
                    set("gone", sequence("a", "b")),
                    set("changed", sequence("a", "b")),
                    set("same", sequence("a", "b")),
                    set("waits", absence("a", "c")),
                    set("counts", count(2)));
            history(correlator, "a1@0");

            // When
            correlator
                    .prepare(book(
                            set("counts", count(2)),
                            set("new", sequence("a", "b")),
                            set("waits", absence("a", "c")),
                            set("same", sequence("a", "b")).cooldown(Trigger.Per.RULE, MINUTE),
                            set("changed", sequence("a", "b", "c"))))
                    .run();

            // Then
            assertThat(history(correlator, "b1@1 a1@2 @60"))
                    .containsExactly("same:a1@0,b1@1", "counts:a1@0,a1@2", "waits:a1@0");
        }

        @Test
        void whatChangedAndRemovedSetsHaveHalfSeenIsForgotten() {
            // Given
            DroolsCorrelator correlator = correlator(set("gone", sequence("a", "b")), set("same", sequence("a", "b")));
            history(correlator, "a1@0 a2@0 a3@0");
            assertThat(correlator.liveKeys()).isEqualTo(6);

            // When
            correlator.prepare(book(set("same", sequence("a", "b")))).run();
            history(correlator, "x1@1");

            // Then
            assertThat(correlator.liveKeys()).isEqualTo(3);
            assertThat(correlator.factsInSession()).isEqualTo(3);
        }

        @Test
        void twoReloadsBeforeTheNextDetectionKeepItToo() {
            // Given
            DroolsCorrelator correlator = correlator(set("same", sequence("a", "b")));
            history(correlator, "a1@0");

            // When
            correlator
                    .prepare(book(set("x", count(2)), set("same", sequence("a", "b"))))
                    .run();
            correlator
                    .prepare(book(set("x", count(3)), set("y", count(4)), set("same", sequence("a", "b"))))
                    .run();

            // Then
            assertThat(history(correlator, "b1@1")).containsExactly("same:a1@0,b1@1");
        }
    }

    @Nested
    class Forgetting {

        @ParameterizedTest
        @ValueSource(strings = {"sequence", "all", "count", "values", "absence"})
        void nothingRemainsWhenItsTimeIsOver(String kind) {
            // Given
            Pattern pattern =
                    switch (kind) {
                        case "sequence" -> sequence("a", "b");
                        case "all" -> all("a", "b");
                        case "count" -> count(100);
                        case "values" -> values(100);
                        default -> absence("a", "b");
                    };
            DroolsCorrelator correlator = correlator(set("s", pattern));
            for (int i = 0; i < 5000; i++) {
                history(correlator, "a" + i + "@" + i / 1000.0 + "=" + i);
            }
            assertThat(correlator.factsInSession()).isEqualTo(5000);

            // When
            correlator.elapsed(second(200));

            // Then
            assertThat(correlator.factsInSession()).isZero();
            assertThat(correlator.liveKeys()).isZero();
            assertThat(correlator.weightOfWhatIsHalfSeen()).isZero();
            assertThat(correlator.sessionsForPatterns()).isZero();
        }

        @Test
        void detectionsMakeRoomByThemselves() {
            // Given
            DroolsCorrelator correlator = correlator(set("s", sequence("a", "b")));

            // When
            for (int i = 0; i < 20_000; i++) {
                history(correlator, "a" + i + "@" + i);
            }

            // Then
            assertThat(correlator.liveKeys()).isLessThanOrEqualTo(67);
            assertThat(correlator.factsInSession()).isEqualTo(correlator.liveKeys());
        }

        @Test
        void whatIsBusyIsNotForgotten() {
            // Given
            DroolsCorrelator correlator = correlator(set("s", sequence("a", "b")), set("c", count(100)));

            // When
            for (int i = 0; i < 50; i++) {
                history(correlator, "a1@" + 20 * i + " @" + (20 * i + 1));
            }

            // Then
            assertThat(history(correlator, "b1@1000")).containsExactly("s:a1@980,b1@1000");
        }

        @Test
        void beyondTheLimitWhatWouldEndFirstIsForgottenAndCounted() {
            // Given
            DroolsCorrelator correlator = correlator(3, set("s", sequence("a", "b")), set("w", absence("c", "d")));

            // When
            List<String> found = history(correlator, "a1@0 c9@1 a2@2 a1@3 a3@4 b1@5 b2@6 b3@7 @100");

            // Then
            assertThat(correlator.forgottenProgress()).isEqualTo(1);
            assertThat(found).containsExactly("s:a1@3,b1@5", "s:a2@2,b2@6", "s:a3@4,b3@7");
        }

        @Test
        void longOutputsOfManyKeysStayWithinTheBudgetAndTheNewestIsComplete() {
            // Given
            long budget = 10_000_000;
            DroolsCorrelator correlator = withBudget(budget, set("s", sequence("a", "b")));

            // When
            long heaviest = 0;
            for (int i = 0; i < 50_000; i++) {
                correlator.accept(longOne("a", i, i / 10_000.0), second(i / 10_000.0));
                heaviest = Math.max(heaviest, correlator.weightOfWhatIsHalfSeen());
            }

            // Then
            assertThat(heaviest).isBetween(budget - 20_000, budget);
            assertThat(correlator.liveKeys()).isGreaterThan(500);
            assertThat(correlator.forgottenProgress()).isEqualTo(50_000 - correlator.liveKeys());
            assertThat(history(correlator, "b49999@6 b1@6")).hasSize(1);
        }

        @ParameterizedTest
        @CsvSource({"sequence, 7", "all, 7", "count, 1", "values, 1", "absence, 19"})
        void whatIsKeptOfAKeyIsWeighed(String kind, int keys) {
            // Given
            Pattern pattern =
                    switch (kind) {
                        case "sequence" -> sequence("a", "a", "b");
                        case "all" -> all("a", "c", "b");
                        case "count" -> count(500);
                        case "values" -> values(500);
                        default -> absence("a", "b");
                    };
            long budget = 200_000;
            DroolsCorrelator correlator = withBudget(budget, set("s", pattern));

            // When
            int most = 0;
            for (int i = 0; i < 400; i++) {
                double time = i / 100.0;
                correlator.accept(longOne(i % 2 == 1 && kind.equals("all") ? "c" : "a", i / 20, time), second(time));
                assertThat(correlator.weightOfWhatIsHalfSeen()).isBetween(1L, budget);
                most = Math.max(most, correlator.liveKeys());
            }

            // Then
            assertThat(most).isBetween(keys, 22);
            correlator.prepare(book(set("other", sequence("x", "y")))).run();
            correlator.elapsed(second(5));
            assertThat(correlator.weightOfWhatIsHalfSeen()).isZero();
        }

        @Test
        void whatIsHeavierThanTheBudgetIsForgottenAndNothingElse() {
            // Given
            DroolsCorrelator correlator = withBudget(6000, set("s", sequence("a", "b")));
            history(correlator, "a1@0");

            // When
            correlator.accept(longOne("a", 2, 1), second(1));

            // Then
            assertThat(correlator.forgottenProgress()).isEqualTo(1);
            assertThat(history(correlator, "b2@2 b1@3")).containsExactly("s:a1@0,b1@3");
            assertThat(correlator.weightOfWhatIsHalfSeen()).isZero();
        }

        private DroolsCorrelator withBudget(long bytes, ATrigger... triggers) {
            DroolsCorrelator correlator =
                    new DroolsCorrelator(book(triggers), new Numbers("i-"), 1000, 1_000_000, bytes);
            opened.add(correlator);
            return correlator;
        }

        private Detection longOne(String rule, int key, double time) {
            return ADetection.of(rule)
                    .id("d-" + detections++)
                    .field("proc.cmdline", "x".repeat(4096))
                    .field("key", String.valueOf(key))
                    .field("value", detections)
                    .time(second(time))
                    .build();
        }

        @Test
        void whatCouldNotBeTakenInAsAWholeLeavesNothingBehind() {
            // Given
            DroolsCorrelator correlator = correlator(
                    set("s", sequence("a", "b")),
                    set("t", new Pattern.Sequence(selectors("a", "b"), MINUTE, List.of("other"))));
            Object broken = new Object() {
                @Override
                public int hashCode() {
                    throw new IllegalStateException("broken on purpose");
                }
            };
            Detection halfTaken = ADetection.of("a")
                    .field("key", "1")
                    .field("other", broken)
                    .time(second(0))
                    .build();

            // When
            assertThatThrownBy(() -> correlator.accept(halfTaken, second(0))).hasMessage("broken on purpose");

            // Then
            assertThat(history(correlator, "b1@1 b1@2")).isEmpty();
            assertThat(correlator.factsInSession()).isZero();
        }

        @Test
        void aMillionKeysLeaveNoMoreBehindThanTheLimit() {
            // Given
            DroolsCorrelator correlator = correlator(1000, set("s", sequence("a", "b")));

            // When
            for (int i = 0; i < 100_000; i++) {
                history(correlator, "a" + i + "@" + i / 10_000.0);
            }

            // Then
            assertThat(correlator.liveKeys()).isEqualTo(1000);
            assertThat(correlator.factsInSession()).isEqualTo(1000);
            assertThat(correlator.forgottenProgress()).isEqualTo(99_000);
            assertThat(history(correlator, "b99999@11 b1@11")).containsExactly("s:a99999@9.9999,b99999@11");
        }
    }
}
