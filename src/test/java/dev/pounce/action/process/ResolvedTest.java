package dev.pounce.action.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Outcome;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ResolvedTest {

    private static final ProcStat SLEEP = new ProcStat(42, "sleep", 'S', 7, 42, 42, 0, 1, 987, 0);

    private static Optional<Outcome> another(long startTicks, long inode, OptionalLong found) {
        return Resolved.another(SLEEP, startTicks, inode, found);
    }

    @Test
    void theSameTickAndTheSameInodeAreTheSameProcess() {
        assertThat(another(987, 5, OptionalLong.of(5))).isEmpty();
    }

    @Test
    void theSameTickDecidesWhereTheKernelHasNoInodes() {
        assertThat(another(987, 0, OptionalLong.empty())).isEmpty();
        assertThat(another(986, 0, OptionalLong.empty())).get().isInstanceOf(Outcome.TargetGone.class);
    }

    @Test
    void anotherInodeIsAnotherProcess() {
        assertThat(another(987, 5, OptionalLong.of(6)))
                .contains(new Outcome.TargetGone(
                        "pid 42 belongs to another process by now (sleep): expected pidfd inode 5, found 6"));
    }

    @Test
    void anotherTickIsAnotherProcessWhateverItsInode() {
        assertThat(another(986, 5, OptionalLong.of(5))).get().isInstanceOf(Outcome.TargetGone.class);
    }

    @Test
    void anInodeThatCannotBeReadIsNotTheRightOne() {
        assertThat(another(987, 5, OptionalLong.empty()))
                .get()
                .isInstanceOfSatisfying(Outcome.Failed.class, failed -> assertThat(failed.retryable())
                        .isTrue());
    }
}
