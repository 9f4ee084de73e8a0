package dev.pounce.correlation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import dev.pounce.testing.ADetection;
import dev.pounce.testing.MutableClock;
import dev.pounce.testing.Numbers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class DroolsCorrelatorTest {

    private static final Duration TEN_MINUTES = Duration.ofMinutes(10);

    private final MutableClock clock = new MutableClock(ADetection.TIME);
    private final List<DroolsCorrelator> opened = new ArrayList<>();

    @AfterEach
    void close() {
        opened.forEach(DroolsCorrelator::close);
    }

    private List<Incident> incidentsOf(Correlator correlator, Detection detection) {
        return correlator.accept(detection, clock.instant()).incidents();
    }

    private DroolsCorrelator correlator(ATrigger... triggers) {
        DroolsCorrelator correlator = new DroolsCorrelator(book(triggers), new Numbers("i-"));
        opened.add(correlator);
        return correlator;
    }

    private static RuleBook book(ATrigger... triggers) {
        return new RuleBook(List.of(triggers).stream().map(ATrigger::build).toList());
    }

    private static List<String> triggered(List<Incident> incidents) {
        return incidents.stream().flatMap(i -> i.triggers().stream()).toList();
    }

    @Nested
    class Matching {

        @Test
        void oneDetectionMakesOneIncidentThatNamesAllSetsInTheOrderOfTheBook() {
            // Given
            DroolsCorrelator correlator = correlator(
                    ATrigger.named("by-tag").tags("shell", "container"),
                    ATrigger.named("by-rule").rules("Terminal shell"),
                    ATrigger.named("by-other-rule").rules("Other"),
                    ATrigger.named("by-source").source("syscall"),
                    ATrigger.named("by-priority").minimum(Priority.WARNING),
                    ATrigger.named("by-where").where("true", d -> true));
            Detection detection =
                    ADetection.of("Terminal shell").tags("shell", "container").build();

            // When
            List<Incident> incidents = incidentsOf(correlator, detection);

            // Then
            assertThat(incidents)
                    .containsExactly(AnIncident.of(
                            "i-1",
                            clock.instant(),
                            List.of("by-tag", "by-rule", "by-source", "by-priority", "by-where"),
                            List.of(),
                            List.of(detection)));
        }

        @Test
        void aDetectionThatNobodyAsksForMakesNoIncident() {
            // Given
            DroolsCorrelator correlator = correlator(ATrigger.named("a").rules("Terminal shell"));

            // When
            List<Incident> incidents =
                    incidentsOf(correlator, ADetection.of("Terminal Shell").build());

            // Then
            assertThat(incidents).isEmpty();
        }

        @ParameterizedTest
        @EnumSource(Priority.class)
        void predicatesThatDifferOnlyInTheirValueAreNotTakenForEachOther(Priority seen) {
            // Given
            List<ATrigger> triggers = new ArrayList<>();
            for (Priority minimum : Priority.values()) {
                triggers.add(ATrigger.named("at-least-" + minimum).rules("r").minimum(minimum));
            }
            DroolsCorrelator correlator = correlator(triggers.toArray(ATrigger[]::new));

            // When
            List<String> names = triggered(
                    incidentsOf(correlator, ADetection.of("r").priority(seen).build()));

            // Then
            List<String> expected = new ArrayList<>();
            for (Priority minimum : Priority.values()) {
                if (seen.isAtLeast(minimum)) {
                    expected.add("at-least-" + minimum);
                }
            }
            assertThat(names).isEqualTo(expected);
        }

        @Test
        void conditionsOfTheSameTextButCompiledApartAreNotTakenForEachOther() {
            // Given
            DroolsCorrelator correlator = correlator(
                    ATrigger.named("no").rules("r").where("trusted", d -> false),
                    ATrigger.named("yes").rules("r").where("trusted", d -> true));

            // When
            List<String> names =
                    triggered(incidentsOf(correlator, ADetection.of("r").build()));

            // Then
            assertThat(names).containsExactly("yes");
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                quoteCharacter = '"',
                value = {"a', 'b | one", "a | two", "b | two"})
        void valuesThatContainQuotesAndCommasAreNotTakenForLists(String tag, String expected) {
            // Given
            DroolsCorrelator correlator = correlator(
                    ATrigger.named("one").rules("r").tags("a', 'b"),
                    ATrigger.named("two").rules("r").tags("a", "b"));

            // When
            List<String> names = triggered(
                    incidentsOf(correlator, ADetection.of("r").tags(tag).build()));

            // Then
            assertThat(names).containsExactly(expected);
        }

        @Test
        void namesThatLookLikeNumberedOnesStayApart() {
            // Given
            DroolsCorrelator correlator = correlator(
                    ATrigger.named("x").rules("a", "b"),
                    ATrigger.named("x#0").rules("a", "b"),
                    ATrigger.named("x#1").rules("a", "b"));

            // When
            List<String> names =
                    triggered(incidentsOf(correlator, ADetection.of("b").build()));

            // Then
            assertThat(names).containsExactly("x", "x#0", "x#1");
        }

        @Test
        void aConditionThatThrowsIsNotMetAndKeepsNobodyElseFromMatching() {
            // Given
            DroolsCorrelator correlator = correlator(
                    ATrigger.named("broken").rules("r").where("broken", d -> {
                        throw new IllegalStateException("a bug");
                    }),
                    ATrigger.named("sound").rules("r"));

            // When
            List<String> names =
                    triggered(incidentsOf(correlator, ADetection.of("r").build()));

            // Then
            assertThat(names).containsExactly("sound");
            assertThat(correlator.failedConditions()).isEqualTo(1);
        }

        @Test
        void equalConditionsAreEvaluatedOnce() {
            // Given
            AtomicInteger asked = new AtomicInteger();
            dev.pounce.detection.language.Condition<Detection> condition = d -> asked.incrementAndGet() > 0;
            DroolsCorrelator correlator = correlator(
                    ATrigger.named("a").rules("r").where("x", condition),
                    ATrigger.named("b").rules("r").where("x", condition),
                    ATrigger.named("c").rules("r").where("x", condition));

            // When
            List<String> names =
                    triggered(incidentsOf(correlator, ADetection.of("r").build()));

            // Then
            assertThat(names).containsExactly("a", "b", "c");
            assertThat(asked).hasValue(1);
        }

        @Test
        void nothingStaysInTheSession() {
            // Given
            DroolsCorrelator correlator = correlator(
                    ATrigger.named("a").rules("r").where("no", d -> false),
                    ATrigger.named("b").tags("t", "u"));

            // When
            for (int i = 0; i < 100; i++) {
                incidentsOf(correlator, ADetection.of("r").tags("t", "u").build());
            }

            // Then
            assertThat(correlator.factsInSession()).isZero();
        }

        @Test
        void twoTriggersOfOneNameAreRefused() {
            assertThatThrownBy(() -> book(
                            ATrigger.named("a").rules("r"), ATrigger.named("a").rules("s")))
                    .hasMessageContaining("'a'");
        }

        @Test
        void aTriggerWithoutAnyCriterionIsRefused() {
            assertThatThrownBy(() -> ATrigger.named("a").build()).hasMessageContaining("everything");
        }
    }

    @Nested
    class CoolingDown {

        private final ATrigger perProcess =
                ATrigger.named("hold").rules("r").cooldown(Trigger.Per.PROCESS, TEN_MINUTES);

        @Test
        void aSetHoldsStillForTheSameProcessUntilItsCooldownHasPassed() {
            // Given
            DroolsCorrelator correlator = correlator(perProcess);
            Detection detection = ADetection.of("r").process(7).build();

            // When
            List<List<Incident>> answers = new ArrayList<>();
            answers.add(incidentsOf(correlator, detection));
            clock.advance(TEN_MINUTES.minusNanos(1));
            answers.add(incidentsOf(correlator, detection));
            clock.advance(Duration.ofNanos(1));
            answers.add(incidentsOf(correlator, detection));

            // Then
            assertThat(answers).extracting(List::size).containsExactly(1, 0, 1);
            assertThat(correlator.heldBack()).isEqualTo(1);
        }

        @Test
        void aSetThatHoldsStillIsNamedWhenAnotherAnswers() {
            // Given
            DroolsCorrelator correlator =
                    correlator(perProcess, ATrigger.named("always").rules("r"));
            Detection detection = ADetection.of("r").process(7).build();
            incidentsOf(correlator, detection);

            // When
            List<Incident> incidents = incidentsOf(correlator, detection);

            // Then
            assertThat(incidents)
                    .containsExactly(AnIncident.of(
                            "i-2",
                            clock.instant(),
                            List.of("always"),
                            List.of(new Incident.CoolingDown(
                                    "hold", "process/7", clock.instant().plus(TEN_MINUTES))),
                            List.of(detection)));
        }

        @ParameterizedTest(name = "per {0}: {1} then {2} answered again: {3}")
        @CsvSource({
            "PROCESS,   p7,    p7,     false",
            "PROCESS,   p7,    p8,     true",
            "CONTAINER, p7 c1, p8 c1,  false",
            "CONTAINER, p7 c1, p7 c2,  true",
            "CONTAINER, p7,    p7,     false",
            "CONTAINER, p7,    p8,     true",
            "CONTAINER, p7 c1, p7,     true",
            "PROCESS,   c1,    c2,     false",
            "PROCESS,   i7 k1, i7 k1,  false",
            "PROCESS,   i7 k1, i8 k1,  true",
            "CONTAINER, i7 k1, i8 k1,  false",
            "CONTAINER, i7 k1, i7 k2,  true",
            "CONTAINER, p7 k1, p8 k1,  true",
            "POD,       k1,    k2,     true",
            "CONTAINER, khost, khost,  false",
            "NODE,      p7,    p8 c2,  false",
            "NODE,      p7,    n,      false",
            "RULE,      p7,    p8,     false",
        })
        void whoSharesACooldown(Trigger.Per per, String first, String second, boolean answered) {
            // Given
            DroolsCorrelator correlator =
                    correlator(ATrigger.named("a").rules("r").cooldown(per, TEN_MINUTES));
            incidentsOf(correlator, detectionOf(first));

            // When
            List<Incident> incidents = incidentsOf(correlator, detectionOf(second));

            // Then
            assertThat(incidents.isEmpty()).isEqualTo(!answered);
        }

        private Detection detectionOf(String assets) {
            ADetection detection = ADetection.of("r");
            for (String asset : assets.split(" ")) {
                switch (asset.charAt(0)) {
                    case 'p' -> detection.process(Integer.parseInt(asset.substring(1)));
                    case 'c' -> detection.container(asset);
                    case 'i' -> detection.field("proc.pid", Long.valueOf(asset.substring(1)));
                    case 'k' -> detection.field("container.id", asset.substring(1));
                    default -> detection.node();
                }
            }
            return detection.build();
        }

        @Test
        void anAlertThatClaimsToComeFromNextYearEndsNoCooldown() {
            // Given
            DroolsCorrelator correlator = correlator(perProcess);
            incidentsOf(correlator, ADetection.of("r").process(7).build());

            // When
            List<Incident> incidents = incidentsOf(
                    correlator,
                    ADetection.of("r")
                            .process(7)
                            .time(ADetection.TIME.plus(Duration.ofDays(365)))
                            .build());

            // Then
            assertThat(incidents).isEmpty();
        }

        @Test
        void aMillionKeysLeaveNoMoreBehindThanTheLimit() {
            // Given
            Cooldowns cooldowns = new Cooldowns(1000);

            // When
            for (int i = 0; i < 1_000_000; i++) {
                cooldowns.start("a", i, clock.instant().plus(TEN_MINUTES).plusNanos(i));
            }

            // Then
            assertThat(cooldowns.size()).isEqualTo(1000);
            assertThat(cooldowns.forgotten()).isEqualTo(999_000);
            assertThat(cooldowns.end("a", 999_999, clock.instant())).isPresent();
            assertThat(cooldowns.end("a", 998_999, clock.instant())).isEmpty();
        }

        @Test
        void endedCooldownsMakeRoomByThemselves() {
            // Given
            Cooldowns cooldowns = new Cooldowns(1000);

            // When
            for (int i = 0; i < 1_000_000; i++) {
                clock.advance(Duration.ofMillis(1));
                cooldowns.end("a", i, clock.instant());
                cooldowns.start("a", i, clock.instant().plusMillis(100));
            }

            // Then
            assertThat(cooldowns.size()).isLessThanOrEqualTo(100);
            assertThat(cooldowns.forgotten()).isZero();
        }
    }

    @Nested
    class Reloading {

        @Test
        void theNewBookHoldsFromTheNextDetectionOn() {
            // Given
            DroolsCorrelator correlator = correlator(ATrigger.named("before").rules("r"));
            incidentsOf(correlator, ADetection.of("r").build());

            // When
            correlator.prepare(book(ATrigger.named("after").rules("r"))).run();

            // Then
            assertThat(triggered(incidentsOf(correlator, ADetection.of("r").build())))
                    .containsExactly("after");
        }

        @Test
        void cooldownsOfUnchangedSetsLiveOnAndThoseOfChangedOnesEnd() {
            // Given
            DroolsCorrelator correlator = correlator(
                    ATrigger.named("same").rules("r").cooldown(Trigger.Per.RULE, TEN_MINUTES),
                    ATrigger.named("changed").rules("r").cooldown(Trigger.Per.RULE, TEN_MINUTES));
            incidentsOf(correlator, ADetection.of("r").build());

            // When
            correlator
                    .prepare(book(
                            ATrigger.named("same").rules("r").cooldown(Trigger.Per.RULE, TEN_MINUTES),
                            ATrigger.named("changed").rules("r", "s").cooldown(Trigger.Per.RULE, TEN_MINUTES)))
                    .run();

            // Then
            List<Incident> incidents =
                    incidentsOf(correlator, ADetection.of("r").build());
            assertThat(triggered(incidents)).containsExactly("changed");
            assertThat(incidents.get(0).coolingDown())
                    .extracting(Incident.CoolingDown::actionSet)
                    .containsExactly("same");
        }
    }

    @Test
    void sessionsThatAreReplacedAreDisposedOf() {
        // Given
        DroolsCorrelator correlator = correlator(ATrigger.named("a").rules("r"));
        RuleNetwork before = correlator.network();
        int openedBefore = before.openSessions();

        // When
        correlator.prepare(book(ATrigger.named("b").rules("r"))).run();
        incidentsOf(correlator, ADetection.of("r").build());

        // Then
        assertThat(openedBefore).isEqualTo(1);
        assertThat(before.openSessions()).isZero();
        assertThat(correlator.network().openSessions()).isEqualTo(1);
    }

    @Test
    void aSecondThreadThatEntersMeanwhileIsTurnedAway() throws InterruptedException {
        // Given
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch tried = new CountDownLatch(1);
        DroolsCorrelator correlator = correlator(ATrigger.named("slow").where("slow", d -> {
            inside.countDown();
            await(tried);
            return true;
        }));
        List<Incident> firsts = new ArrayList<>();
        Thread owner = Thread.ofPlatform()
                .start(() ->
                        firsts.addAll(incidentsOf(correlator, ADetection.of("r").build())));
        inside.await();

        // When
        try {
            assertThatThrownBy(() -> incidentsOf(correlator, ADetection.of("r").build()))
                    .isInstanceOf(IllegalStateException.class);
        } finally {
            tried.countDown();
            owner.join();
        }

        // Then
        assertThat(triggered(firsts)).containsExactly("slow");
        assertThat(incidentsOf(correlator, ADetection.of("r").build())).hasSize(1);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }
}
