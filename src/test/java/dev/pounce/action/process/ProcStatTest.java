package dev.pounce.action.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProcStatTest {

    private static final String REST = " 7 70 700 34816 -1 4194560 1 2 3 4 5 6 7 8 20 0 %THREADS% 0 987654 1 2 3";

    private static ProcStat parse(String comm, char state, int threads) {
        byte[] line = ("42 (" + comm + ") " + state + REST.replace("%THREADS%", "" + threads))
                .getBytes(StandardCharsets.UTF_8);
        return ProcStat.parse(line, line.length);
    }

    @ParameterizedTest
    @ValueSource(strings = {"sleep", "a b", ") S 1 2 3", "((", "x) Z 9 (y", ""})
    void theNameMayHoldAnything(String comm) {
        // When
        ProcStat stat = parse(comm, 'S', 1);

        // Then
        assertThat(stat).isEqualTo(new ProcStat(42, comm, 'S', 7, 70, 700, 4194560, 1, 987654, 0));
    }

    @ParameterizedTest(name = "state {0} with {1} threads has exited: {2}")
    @CsvSource({"Z, 1, true", "X, 0, true", "Z, 2, false", "S, 1, false", "T, 1, false", "D, 4, false"})
    void aZombieThatIsTheMainThreadOfARunningProgramHasNotExited(char state, int threads, boolean exited) {
        assertThat(parse("x", state, threads).hasExited()).isEqualTo(exited);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "42", "42 (x", "42 (x) S", "42 (x) S 1 2 3", "nonsense"})
    void whatIsNoStatLineIsRefused(String line) {
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);

        assertThatThrownBy(() -> ProcStat.parse(bytes, bytes.length)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theStartTimeOfAProbeEventFallsIntoTheTickThatProcShows() {
        assertThat(ProcStat.ticksOf(9_876_549_999_999L)).isEqualTo(987_654);
    }
}
