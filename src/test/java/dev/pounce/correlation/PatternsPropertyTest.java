package dev.pounce.correlation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import dev.pounce.testing.ADetection;
import dev.pounce.testing.Numbers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What Drools finds with what it remembers must be what a search through everything finds. */
class PatternsPropertyTest {

    private static final List<String> RULES = List.of("a", "b", "c", "d");
    private static final Duration WINDOW = Duration.ofSeconds(20);

    static Stream<Long> seeds() {
        return IntStream.range(0, 10).mapToObj(i -> 7_654_321L * i + 5);
    }

    /** One kind of pattern, and how to find it by looking at everything that was seen of one key. */
    enum Kind {
        SEQUENCE_OF_TWO(new Pattern.Sequence(ATrigger.selectors("a", "b"), WINDOW, List.of("key"))) {
            @Override
            Optional<List<Detection>> search(List<Detection> seen) {
                return searchSequence(seen, "a", "b");
            }

            @Override
            List<Detection> left(List<Detection> seen, List<Detection> used) {
                return behind(used.getFirst(), seen, used);
            }
        },
        SEQUENCE_OF_FOUR(new Pattern.Sequence(ATrigger.selectors("a", "b", "c", "d"), WINDOW, List.of("key"))) {
            @Override
            Optional<List<Detection>> search(List<Detection> seen) {
                return searchSequence(seen, "a", "b", "c", "d");
            }

            @Override
            List<Detection> left(List<Detection> seen, List<Detection> used) {
                return behind(used.getFirst(), seen, used);
            }
        },
        ALL(new Pattern.All(ATrigger.selectors("a", "b", "c"), WINDOW, List.of("key"))) {
            @Override
            Optional<List<Detection>> search(List<Detection> seen) {
                Detection last = seen.getLast();
                List<Detection> found = new ArrayList<>();
                for (String rule : List.of("a", "b", "c")) {
                    seen.reversed().stream()
                            .filter(d -> d.rule().equals(rule) && within(d, last))
                            .findFirst()
                            .ifPresent(found::add);
                }
                found.sort((one, other) -> Integer.compare(seen.indexOf(one), seen.indexOf(other)));
                return found.size() == 3 && found.contains(last) ? Optional.of(found) : Optional.empty();
            }
        },
        COUNT(new Pattern.Count(ATrigger.selector("a"), 4, WINDOW, List.of("key"))) {
            @Override
            Optional<List<Detection>> search(List<Detection> seen) {
                Detection last = seen.getLast();
                List<Detection> found = seen.stream()
                        .filter(d -> d.rule().equals("a") && within(d, last))
                        .toList();
                return found.size() >= 4 && last.rule().equals("a")
                        ? Optional.of(found.subList(found.size() - 4, found.size()))
                        : Optional.empty();
            }
        },
        VALUE_COUNT(new Pattern.ValueCount(ATrigger.selector("a"), "value", 3, WINDOW, List.of("key"))) {
            @Override
            Optional<List<Detection>> search(List<Detection> seen) {
                Detection last = seen.getLast();
                Set<Object> values = new HashSet<>();
                List<Detection> found = new ArrayList<>();
                for (Detection detection : seen.reversed()) {
                    Object value = detection.fields().get("value");
                    if (detection.rule().equals("a") && value != null && within(detection, last) && values.add(value)) {
                        found.add(detection);
                    }
                }
                Collections.reverse(found);
                return found.size() >= 3 && found.contains(last) ? Optional.of(found) : Optional.empty();
            }
        };

        @SuppressWarnings("ImmutableEnumChecker") // it is; the checker cannot see into lists
        private final Pattern pattern;

        Kind(Pattern pattern) {
            this.pattern = pattern;
        }

        /** @return the evidence if the last of what was seen completes the pattern */
        abstract Optional<List<Detection>> search(List<Detection> seen);

        /** What may still become part of something; everything up to the completion is used up, unless said otherwise. */
        List<Detection> left(List<Detection> seen, List<Detection> used) {
            return List.of();
        }

        private static List<Detection> behind(Detection first, List<Detection> seen, List<Detection> used) {
            return seen.subList(seen.indexOf(first) + 1, seen.size()).stream()
                    .filter(d -> !used.contains(d))
                    .toList();
        }

        private static boolean within(Detection first, Detection last) {
            return Duration.between(first.time(), last.time()).compareTo(WINDOW) <= 0;
        }

        /** Every combination; the one that began last. */
        private static Optional<List<Detection>> searchSequence(List<Detection> seen, String... rules) {
            List<List<Integer>> beginnings = List.of(List.of());
            for (String rule : rules) {
                List<List<Integer>> longer = new ArrayList<>();
                for (List<Integer> beginning : beginnings) {
                    for (int i = beginning.isEmpty() ? 0 : beginning.getLast() + 1; i < seen.size(); i++) {
                        if (seen.get(i).rule().equals(rule)) {
                            List<Integer> more = new ArrayList<>(beginning);
                            more.add(i);
                            longer.add(more);
                        }
                    }
                }
                beginnings = longer;
            }
            return beginnings.stream()
                    .filter(each ->
                            each.getLast() == seen.size() - 1 && within(seen.get(each.getFirst()), seen.getLast()))
                    .max(Comparator.comparingInt(List::getFirst))
                    .map(each -> each.stream().map(seen::get).toList());
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void nothingIsMissedAndNothingMadeUp(Kind kind) {
        int completions = 0;
        for (long seed : seeds().toList()) {
            // Given
            List<Detection> stream = stream(new Random(seed), 600, 3);
            List<List<Detection>> seen = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
            try (DroolsCorrelator correlator = correlator(new Trigger("set", kind.pattern, Optional.empty()))) {
                for (Detection detection : stream) {
                    List<Detection> ofKey = seen.get(key(detection));
                    ofKey.add(detection);
                    Optional<List<Detection>> expected = kind.search(ofKey);

                    // When
                    List<Incident> found =
                            correlator.accept(detection, detection.time()).incidents();

                    // Then
                    assertThat(found.size())
                            .as("seed %d, %s after %s", seed, detection, ofKey)
                            .isEqualTo(expected.isPresent() ? 1 : 0);
                    if (expected.isPresent()) {
                        List<Detection> evidence = found.getFirst().evidence();
                        assertThat(evidence.getFirst().time())
                                .as("seed %d, %s", seed, detection)
                                .isEqualTo(expected.get().getFirst().time());
                        assertThat(evidence.getLast()).isEqualTo(detection);
                        assertThat(evidence).hasSameSizeAs(expected.get());
                        List<Detection> left = kind.left(List.copyOf(ofKey), evidence);
                        ofKey.clear();
                        ofKey.addAll(left);
                        completions++;
                    }
                    // What is older than a window plays no part, and would make the search slow
                    ofKey.removeIf(d -> !Kind.within(d, detection));
                }
            }
        }
        assertThat(completions).as("completions of " + kind).isGreaterThan(30);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void aWaitEndsExactlyWhenItsTimeIsOver(long seed) {
        // Given
        List<Detection> stream = stream(new Random(seed), 400, 3);
        Pattern pattern = new Pattern.Absence(ATrigger.selector("a"), ATrigger.selector("b"), WINDOW, List.of("key"));
        Map<Integer, Detection> waits = new TreeMap<>();
        List<List<Detection>> expected = new ArrayList<>();
        List<List<Detection>> found = new ArrayList<>();

        // When
        try (DroolsCorrelator correlator = correlator(new Trigger("set", pattern, Optional.empty()))) {
            for (Detection detection : stream) {
                Instant now = detection.time();
                List<Detection> over = waits.values().stream()
                        .filter(wait -> !now.isBefore(wait.time().plus(WINDOW)))
                        .sorted(Comparator.comparingInt(stream::indexOf))
                        .toList();
                over.forEach(wait -> expected.add(List.of(wait)));
                waits.values().removeAll(over);
                correlator.elapsed(now).forEach(incident -> found.add(incident.evidence()));

                if (detection.rule().equals("a")) {
                    waits.putIfAbsent(key(detection), detection);
                } else if (detection.rule().equals("b")) {
                    waits.remove(key(detection));
                }
                assertThat(correlator.accept(detection, now).incidents()).isEmpty();

                // Then
                assertThat(found).as("seed %d at %s", seed, now).isEqualTo(expected);
            }
        }
        assertThat(found).hasSizeGreaterThan(3);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void noEvidenceIsOlderThanItsWindowOrServesTwiceHoweverSelectorsOverlap(long seed) {
        // Given
        Random random = new Random(seed);
        List<Trigger> triggers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            triggers.add(new Trigger("set-" + i, aPattern(random), Optional.empty()));
        }
        List<Set<Detection>> used = IntStream.range(0, 20)
                .<Set<Detection>>mapToObj(i -> new HashSet<>())
                .toList();
        int found = 0;

        try (DroolsCorrelator correlator = correlator(triggers.toArray(Trigger[]::new))) {
            for (Detection detection : stream(random, 400, 3)) {
                // When
                List<Incident> incidents =
                        correlator.accept(detection, detection.time()).incidents();

                // Then
                for (Incident incident : incidents) {
                    for (Incident.Match match : incident.matches()) {
                        assertThat(Kind.within(match.evidence().getFirst(), detection))
                                .isTrue();
                        assertThat(match.evidence().getLast()).isEqualTo(detection);
                        assertThat(match.evidence()).allMatch(d -> key(d) == key(detection));
                        Set<Detection> ofSet =
                                used.get(Integer.parseInt(match.actionSet().substring("set-".length())));
                        assertThat(match.evidence())
                                .as("seed %d, %s", seed, match)
                                .allMatch(ofSet::add);
                        found++;
                    }
                }
            }
        }
        assertThat(found).isPositive();
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void theOrderOfDetectionsOfDifferentKeysDoesNotMatter(long seed) {
        // Given
        Random random = new Random(seed);
        List<Trigger> triggers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            triggers.add(new Trigger("set-" + i, aPattern(random), Optional.empty()));
        }
        // Five at a time happen at one moment, each of another key
        List<Detection> stream = new ArrayList<>();
        for (int moment = 0; moment < 100; moment++) {
            for (int key = 0; key < 5; key++) {
                stream.add(detection(random, 5 * moment + key, Duration.ofSeconds(moment), key));
            }
        }
        List<Detection> shuffled = new ArrayList<>();
        for (int moment = 0; moment < 100; moment++) {
            List<Detection> together = new ArrayList<>(stream.subList(5 * moment, 5 * moment + 5));
            Collections.shuffle(together, random);
            shuffled.addAll(together);
        }

        // When
        List<String> inOrder = matches(stream, triggers);
        List<String> inAnother = matches(shuffled, triggers);

        // Then
        assertThat(inOrder).isNotEmpty();
        assertThat(inAnother).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(inOrder);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void setsThatSomebodyAddsChangeNothingForTheOthers(long seed) {
        // Given
        Random random = new Random(seed);
        List<Trigger> triggers = new ArrayList<>();
        List<Trigger> more = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            triggers.add(new Trigger("set-" + i, aPattern(random), Optional.empty()));
            more.add(triggers.getLast());
            more.add(random.nextInt(more.size()), new Trigger("added-" + i, aPattern(random), Optional.empty()));
        }
        List<Detection> stream = stream(random, 400, 3);

        // When
        List<String> alone = matches(stream, triggers);
        List<String> among = matches(stream, more);

        // Then
        assertThat(alone).isNotEmpty();
        among.removeIf(match -> match.startsWith("added"));
        assertThat(among).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(alone);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void reloadsOfTheSameAndARestartChangeNothing(long seed) {
        // Given
        Random random = new Random(seed);
        List<Trigger> triggers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            triggers.add(new Trigger("set-" + i, aPattern(random), Optional.empty()));
        }
        List<Detection> stream = stream(random, 400, 3);
        List<String> expected = matches(stream.subList(200, 400), triggers, stream.subList(0, 200), List.of());

        // When
        List<Trigger> reversed = new ArrayList<>(triggers.reversed());
        List<String> reloaded =
                matches(stream.subList(200, 400), triggers, stream.subList(0, 200), List.of(reversed, triggers));

        // Then
        assertThat(expected).isNotEmpty();
        assertThat(reloaded).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(expected);
        List<String> whole = matches(stream, triggers);
        assertThat(expected)
                .as("seed %d: what is found behind the restart", seed)
                .isEqualTo(whole.subList(whole.size() - expected.size(), whole.size()));
    }

    private static List<String> matches(List<Detection> stream, List<Trigger> triggers) {
        return matches(stream, triggers, List.of(), List.of());
    }

    private static List<String> matches(
            List<Detection> stream, List<Trigger> triggers, List<Detection> remembered, List<List<Trigger>> reloads) {
        List<String> matches = new ArrayList<>();
        try (DroolsCorrelator correlator = correlator(triggers.toArray(Trigger[]::new))) {
            for (Detection detection : remembered) {
                correlator.remember(detection, detection.time());
            }
            for (Detection detection : stream) {
                for (List<Trigger> book : reloads) {
                    correlator.prepare(new RuleBook(book)).run();
                    add(correlator.elapsed(detection.time()), matches);
                }
                add(correlator.elapsed(detection.time()), matches);
                add(correlator.accept(detection, detection.time()).incidents(), matches);
                if (!reloads.isEmpty() && matches.size() > 40) {
                    reloads = List.of(); // some are enough
                }
            }
        }
        return matches;
    }

    private static void add(List<Incident> incidents, List<String> matches) {
        for (Incident incident : incidents) {
            for (Incident.Match match : incident.matches()) {
                matches.add(match.actionSet()
                        + match.evidence().stream().map(Detection::id).toList());
            }
        }
    }

    private static Pattern aPattern(Random random) {
        List<String> by = List.of("key");
        return switch (random.nextInt(5)) {
            case 0 ->
                new Pattern.Sequence(
                        IntStream.range(0, 2 + random.nextInt(3))
                                .mapToObj(i -> aSelector(random))
                                .toList(),
                        WINDOW,
                        by);
            case 1 ->
                new Pattern.All(
                        IntStream.range(0, 2 + random.nextInt(3))
                                .mapToObj(i -> aSelector(random))
                                .toList(),
                        WINDOW,
                        by);
            case 2 -> new Pattern.Count(aSelector(random), 2 + random.nextInt(8), WINDOW, by);
            case 3 -> new Pattern.ValueCount(aSelector(random), "value", 2 + random.nextInt(2), WINDOW, by);
            default -> new Pattern.Absence(aSelector(random), aSelector(random), WINDOW, by);
        };
    }

    private static Selector aSelector(Random random) {
        List<String> rules = new ArrayList<>(RULES);
        Collections.shuffle(rules, random);
        return ATrigger.named("selector")
                .rules(rules.subList(0, 1 + random.nextInt(2)).toArray(String[]::new))
                .selector();
    }

    /** Often several at one moment, and often a whole window apart. */
    private static List<Detection> stream(Random random, int length, int keys) {
        List<Detection> stream = new ArrayList<>();
        Duration time = Duration.ZERO;
        for (int i = 0; i < length; i++) {
            time = time.plus(
                    switch (random.nextInt(20)) {
                        case 0, 1, 2, 3 -> Duration.ZERO;
                        case 4 -> WINDOW.dividedBy(2);
                        case 5, 6 -> Duration.ofNanos(1);
                        default -> Duration.ofMillis(500L * random.nextInt(5));
                    });
            stream.add(detection(random, i, time, random.nextInt(keys)));
        }
        return stream;
    }

    private static Detection detection(Random random, int number, Duration time, int key) {
        return new Detection(
                "d-" + number,
                ADetection.TIME.plus(time),
                "syscall",
                RULES.get(random.nextInt(RULES.size())),
                Priority.WARNING,
                List.of(),
                "",
                Map.of("key", key, "value", random.nextInt(4)),
                List.of());
    }

    private static int key(Detection detection) {
        return detection.fields().get("key") instanceof Integer key ? key : -1;
    }

    private static DroolsCorrelator correlator(Trigger... triggers) {
        return new DroolsCorrelator(RuleBook.of(triggers), new Numbers("i-"));
    }
}
