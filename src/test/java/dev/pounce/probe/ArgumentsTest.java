package dev.pounce.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArgumentsTest {

    private static Arguments wire(String text) {
        byte[] bytes = text.replace('|', '\0').getBytes(StandardCharsets.UTF_8);
        return Arguments.of(bytes, 0, bytes.length);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {"'';''", "a|;a", "a;a", "a|b|;a,b", "a|b;a,b", "a||ö|;a,,ö", "a||;a,", "|a|;,a"})
    void eachArgumentEndsWithANulAndTheLastOneMayBeCut(String wire, String expected) {
        // Given
        List<String> list = expected.isEmpty() ? List.of() : List.of(expected.split(",", -1));

        // Then
        assertThat(wire(wire)).isEqualTo(list).hasSameHashCodeAs(list).hasSameSizeAs(list);
        assertThat(list).isEqualTo(wire(wire));
        assertThat(Arguments.of(list)).isEqualTo(wire(wire));
        for (int i = 0; i < list.size(); i++) {
            assertThat(wire(wire).get(i)).isEqualTo(list.get(i));
            assertThat(wire(wire).after(i)).isEqualTo(list.subList(i, list.size()));
            assertThat(wire(wire).subList(0, i)).isEqualTo(list.subList(0, i));
        }
        assertThat(wire(wire).text()).isEqualTo(String.join(" ", list));
    }

    @Test
    void oneEmptyArgumentIsOne() {
        assertThat(wire("|")).containsExactly("");
        assertThat(wire("a|").after(1)).isEmpty();
        assertThat(wire("a|").after(7)).isEmpty();
    }

    @Test
    void theSameArgumentsHashAlikeWhereverTheyStand() {
        assertThat(wire("x|a|b|").after(1).contentHash())
                .isEqualTo(wire("a|b").contentHash())
                .isNotEqualTo(wire("a|c").contentHash());
        assertThat(wire("x|a|b|").after(1)).isEqualTo(wire("a|b")).isNotEqualTo(wire("a|c"));
    }

    @Test
    void bytesThatAreNoTextAreKeptAsTheyCameAndReadAsReplacements() {
        // Given
        byte[] bytes = {'a', 0, (byte) 0xff, (byte) 0xff, 0};

        // Then
        assertThat(Arguments.of(bytes, 0, bytes.length)).containsExactly("a", "\ufffd\ufffd");
    }

    @Test
    void whatIsNotThereCannotBeHad() {
        assertThatThrownBy(() -> wire("a|b").get(2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> wire("a|b").subList(0, 3)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
