package dev.pounce.correlation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import dev.pounce.testing.ADetection;
import dev.pounce.testing.Numbers;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Drools must find what a loop over the triggers finds. */
class MatchingPropertyTest {

    private static final List<String> RULES = List.of("Rule A", "Rule B", "Rule C", "Rule D", "rule a", "");
    private static final List<String> TAGS = List.of("t1", "t2", "t3", "t4", "Rule A", "t1', 't2");
    private static final List<String> SOURCES = List.of("syscall", "k8s_audit", "Rule A");
    private static final List<String> NAMES = List.of("sh", "bash", "nginx");

    static Stream<Long> seeds() {
        return IntStream.range(0, 12).mapToObj(i -> 1_000_003L * i + 17);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void droolsAndALoopFindTheSame(long seed) {
        // Given
        Random random = new Random(seed);
        List<Trigger> triggers = IntStream.range(0, 1 + random.nextInt(120))
                .mapToObj(i -> aTrigger("set-" + i, random))
                .toList();
        int found = 0;

        try (DroolsCorrelator correlator = new DroolsCorrelator(new RuleBook(triggers), new Numbers("i-"))) {
            for (int i = 0; i < 400; i++) {
                Detection detection = aDetection(random);

                // When
                List<String> names = correlator.accept(detection, ADetection.TIME).incidents().stream()
                        .flatMap(incident -> incident.triggers().stream())
                        .toList();

                // Then
                assertThat(names).as("seed %d, %s", seed, detection).isEqualTo(byLoop(triggers, detection));
                found += names.size();
            }
        }
        assertThat(found).as("seed %d: matches", seed).isPositive();
    }

    private static List<String> byLoop(List<Trigger> triggers, Detection detection) {
        List<String> names = new ArrayList<>();
        for (Trigger trigger : triggers) {
            Selector selector = trigger.pattern().selectors().getFirst();
            boolean matches = (selector.rules().isEmpty() || selector.rules().contains(detection.rule()))
                    && (selector.tags().isEmpty() || selector.tags().stream().anyMatch(detection.tags()::containsAll))
                    && (selector.priorities().isEmpty() || selector.priorities().contains(detection.priority()))
                    && selector.source().map(detection.source()::equals).orElse(true)
                    && selector.where()
                            .map(where -> where.condition().test(detection))
                            .orElse(true);
            if (matches) {
                names.add(trigger.name());
            }
        }
        return names;
    }

    private static Trigger aTrigger(String name, Random random) {
        ATrigger trigger = ATrigger.named(name);
        boolean any = false;
        if (random.nextInt(3) > 0) {
            trigger.rules(some(RULES, random));
            any = true;
        }
        if (random.nextInt(3) == 0) {
            trigger.tags(some(TAGS, random));
            any = true;
        }
        if (random.nextInt(3) == 0) {
            trigger.minimum(one(List.of(Priority.values()), random));
            any = true;
        }
        if (random.nextInt(4) == 0) {
            trigger.source(one(SOURCES, random));
            any = true;
        }
        if (random.nextInt(3) == 0 || !any) {
            String wanted = one(NAMES, random);
            trigger.where("proc.name = " + wanted, d -> wanted.equals(d.fields().get("proc.name")));
        }
        return trigger.build();
    }

    private static Detection aDetection(Random random) {
        return ADetection.of(one(RULES, random))
                .tags(random.nextInt(4) == 0 ? new String[0] : some(TAGS, random))
                .priority(one(List.of(Priority.values()), random))
                .source(one(SOURCES, random))
                .field("proc.name", random.nextInt(5) == 0 ? null : one(NAMES, random))
                .build();
    }

    private static <T> T one(List<T> all, Random random) {
        return all.get(random.nextInt(all.size()));
    }

    private static String[] some(List<String> all, Random random) {
        List<String> shuffled = new ArrayList<>(all);
        Collections.shuffle(shuffled, random);
        return shuffled.subList(0, 1 + random.nextInt(3)).toArray(String[]::new);
    }
}
