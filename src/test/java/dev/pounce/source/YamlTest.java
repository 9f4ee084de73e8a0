package dev.pounce.source;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class YamlTest {

    private final Problems problems = new Problems();

    @Test
    void everyValueAndKeyKnowsItsPlace() {
        // When
        List<Yaml> documents = Yaml.read("a.yaml", "- rule: x\n  tags: [a, b]\n", problems);

        // Then
        Yaml.Sequence list = (Yaml.Sequence) documents.getFirst();
        Yaml.Mapping rule = (Yaml.Mapping) list.items().getFirst();
        Yaml.Entry tags = requireNonNull(rule.entries().get("tags"));
        assertThat(tags.place()).isEqualTo(new Place("a.yaml", 2, 3));
        assertThat(((Yaml.Sequence) tags.value()).items().get(1).place()).isEqualTo(new Place("a.yaml", 2, 13));
        assertThat(problems.all()).isEmpty();
    }

    @Test
    void textThatIsNotYamlIsAnErrorAtItsPlaceAndWhatCameBeforeIsKept() {
        // When
        List<Yaml> documents = Yaml.read("a.yaml", "a: 1\n---\nb: [1, 2\nc: 3\n", problems);

        // Then
        assertThat(documents).hasSize(1);
        assertThat(problems.all()).singleElement().satisfies(problem -> {
            assertThat(problem.place().line()).isEqualTo(4);
            assertThat(problem.isError()).isTrue();
        });
    }

    @Test
    void aKeyGivenTwiceIsAnErrorThatNamesTheFirst() {
        // When
        Yaml.read("a.yaml", "a: 1\nb: 2\na: 3\n", problems);

        // Then
        assertThat(problems.all()).singleElement().satisfies(problem -> {
            assertThat(problem.place()).isEqualTo(new Place("a.yaml", 3, 1));
            assertThat(problem.expected()).contains("line 1");
        });
    }

    @Test
    void quotesMakeAStringOfWhatLooksLikeSomethingElse() {
        // When
        Yaml.Mapping mapping = (Yaml.Mapping)
                Yaml.read("a.yaml", "a: null\nb: 'null'\nc: ~\n", problems).getFirst();

        // Then
        assertThat(((Yaml.Scalar) mapping.get("a").orElseThrow()).isNull()).isTrue();
        assertThat(((Yaml.Scalar) mapping.get("b").orElseThrow()).isNull()).isFalse();
        assertThat(((Yaml.Scalar) mapping.get("c").orElseThrow()).isNull()).isTrue();
    }

    @Test
    void aliasesThatWouldBlowUpAreRefusedRatherThanFollowed() {
        // Given: two aliases a level double what comes out, thirty levels deep
        StringBuilder bomb = new StringBuilder("a0: &a0 [x, x]\n");
        for (int i = 1; i < 24; i++) {
            bomb.append("a%d: &a%d [*a%d, *a%d]\n".formatted(i, i, i - 1, i - 1));
        }

        // When
        Yaml.read("bomb.yaml", bomb.toString(), problems);

        // Then
        assertThat(problems.hasErrors()).isTrue();
    }

    @Test
    void anAliasThatContainsItselfIsRefused() {
        // When
        Yaml.read("loop.yaml", "a: &a [1, *a]\n", problems);

        // Then
        assertThat(problems.all()).singleElement().satisfies(problem -> assertThat(problem.found())
                .contains("contains itself"));
    }
}
