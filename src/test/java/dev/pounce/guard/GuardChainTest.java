package dev.pounce.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pounce.action.Action;
import dev.pounce.planning.Mode;
import dev.pounce.planning.ResponsePlan;
import dev.pounce.testing.ADetection;
import dev.pounce.testing.MutableClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GuardChainTest {

    private final MutableClock clock = new MutableClock(ADetection.TIME);

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            OBSERVE | Deny[guard=mode, reason=mode is observe: steps are planned and not tried]
            DRY_RUN | Rehearse[reason=mode is dry-run]
            ASK     | Deny[guard=mode, reason=mode is ask, and approval is not built yet: nobody could say yes]
            ENFORCE | Allow[]
            """)
    void howFarEachModeGoes(Mode mode, String expected) {
        assertThat(new ModeGuard().judge(AStep.of(new Action.SuspendProcess(AStep.process(7)), mode)))
                .hasToString(expected);
    }

    /** Otherwise a set that has used up its budget would shield its targets from all others. */
    @Test
    void whatAGuardBehindTheCooldownDeniesDoesNotCoolDown() {
        // Given
        boolean[] budgetLeft = {false};
        GuardChain chain = new GuardChain(List.of(
                new CooldownGuard(Duration.ofSeconds(5), clock),
                step -> budgetLeft[0] ? new Verdict.Allow() : new Verdict.Deny("budget", "nothing left")));
        ResponsePlan.Step step = AStep.of(new Action.SuspendProcess(AStep.process(7)), Mode.ENFORCE);
        chain.judge(step);

        // When
        budgetLeft[0] = true;
        Verdict verdict = chain.judge(step);

        // Then
        assertThat(verdict).isEqualTo(new Verdict.Allow());
    }

    /** What its guards ask for; the second has a bug. */
    private static GuardChain asking(CompletableFuture<Void> first, CompletableFuture<Void> last) {
        List<Guard> guards = new ArrayList<>();
        for (Supplier<CompletableFuture<Void>> asks : List.<Supplier<CompletableFuture<Void>>>of(
                () -> first,
                () -> {
                    throw new IllegalStateException("a bug");
                },
                () -> last)) {
            guards.add(new Guard() {
                @Override
                public CompletableFuture<Void> prepare(ResponsePlan.Step step) {
                    return asks.get();
                }

                @Override
                public Verdict judge(ResponsePlan.Step step) {
                    return new Verdict.Allow();
                }
            });
        }
        return new GuardChain(guards);
    }

    @Test
    void waitsForWhatAllGuardsAskFor() {
        // Given
        CompletableFuture<Void> first = new CompletableFuture<>();
        CompletableFuture<Void> last = new CompletableFuture<>();
        CompletableFuture<Void> all = asking(first, last).prepare(AStep.suspend(7));

        // When
        last.complete(null);
        boolean early = all.isDone();
        first.complete(null);

        // Then
        assertThat(early).isFalse();
        assertThat(all).isCompleted();
    }

    @Test
    void nobodyIsAskedAboutWhatIsOnlyObserved() {
        // Given
        GuardChain chain = asking(new CompletableFuture<>(), new CompletableFuture<>());

        // When
        CompletableFuture<Void> asked =
                chain.prepare(AStep.of(new Action.SuspendProcess(AStep.process(7)), Mode.OBSERVE));

        // Then
        assertThat(asked).isCompleted();
    }

    /** a = allow, r = rehearse, d = deny; the answer, and how many guards were asked. */
    @ParameterizedTest(name = "{0} is {1} after {2}")
    @CsvSource({
        "'', Allow, 0",
        "aaa, Allow, 3",
        "raa, Rehearse, 3",
        "ara, Rehearse, 3",
        "ada, Deny, 2",
        "rda, Deny, 2",
        "dra, Deny, 1"
    })
    void theFirstDenialEndsTheMatterAndARehearsalDoesNot(String guards, String expected, int asked) {
        // Given
        List<Character> calls = new ArrayList<>();
        List<Guard> chain = new ArrayList<>();
        for (int i = 0; i < guards.length(); i++) {
            char kind = guards.charAt(i);
            chain.add(step -> {
                calls.add(kind);
                return switch (kind) {
                    case 'a' -> new Verdict.Allow();
                    case 'r' -> new Verdict.Rehearse("only");
                    default -> new Verdict.Deny("fake", "no");
                };
            });
        }

        // When
        Verdict verdict = new GuardChain(chain).judge(AStep.suspend(7));

        // Then
        assertThat(verdict.getClass().getSimpleName()).isEqualTo(expected);
        assertThat(calls).hasSize(asked);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            ENFORCE | process 1 is the first process of this machine
            DRY_RUN | would refuse, because process 1 is the first process of this machine
            """)
    void aDryRunFindsOutWhatWouldBeRefused(Mode mode, String expected) {
        // Given
        GuardChain chain = GuardChain.standard(FakeProcesses.aNode(), clock);

        // When
        Verdict verdict = chain.judge(AStep.of(new Action.SuspendProcess(AStep.process(1)), mode));

        // Then
        assertThat(verdict).isEqualTo(new Verdict.Deny("protected", expected));
    }

    @Test
    void aGuardThatFailsDenies() {
        // Given
        GuardChain chain = new GuardChain(List.of(step -> {
            throw new IllegalStateException("a bug");
        }));

        // When
        Verdict verdict = chain.judge(AStep.suspend(7));

        // Then
        assertThat(verdict).isInstanceOf(Verdict.Deny.class);
        assertThat(verdict.toString()).contains("a bug");
    }

    /** Each step as verb, pid and mode, then + for allowed or - for denied; a number waits for so many seconds. */
    @ParameterizedTest
    @CsvSource({
        "suspend 7 enforce +; suspend 7 enforce -; 5; suspend 7 enforce +",
        "suspend 7 enforce +; suspend 8 enforce +",
        "suspend 7 enforce +; kill 7 enforce +; kill 7 enforce -",
        "suspend 7 enforce +; resume 7 enforce +; suspend 7 enforce +; suspend 7 enforce -",
        "suspend 7 dry_run +; suspend 7 enforce +; suspend 7 dry_run -",
        "kill 7 enforce +; 4; kill 7 enforce -; 1; kill 7 enforce +; 4; kill 7 enforce -"
    })
    void theSameActionIsNotSentToTheSameTargetTwiceInARow(String script) {
        // Given
        CooldownGuard guard = new CooldownGuard(Duration.ofSeconds(5), clock);

        for (String line : script.split(";")) {
            String[] words = line.strip().split(" ");
            if (words.length == 1) {
                clock.advance(Duration.ofSeconds(Long.parseLong(words[0])));
                continue;
            }

            // When
            Verdict verdict = guard.judge(step(words[0], Integer.parseInt(words[1]), words[2]));

            // Then
            assertThat(verdict instanceof Verdict.Allow).as(line).isEqualTo(words[3].equals("+"));
        }
    }

    @Test
    void aClockThatIsSetBackDoesNotMakeACooldownLonger() {
        // Given
        CooldownGuard guard = new CooldownGuard(Duration.ofSeconds(5), clock);
        guard.judge(AStep.suspend(7));

        // When
        clock.advance(Duration.ofHours(-1));

        // Then
        assertThat(guard.judge(AStep.suspend(7))).isEqualTo(new Verdict.Allow());
    }

    private static ResponsePlan.Step step(String verb, int pid, String mode) {
        Action action =
                switch (verb) {
                    case "suspend" -> new Action.SuspendProcess(AStep.process(pid));
                    case "resume" -> new Action.ResumeProcess(AStep.process(pid));
                    default -> new Action.KillProcess(AStep.process(pid), Action.Scope.PROCESS, Optional.empty());
                };
        return AStep.of(action, Mode.valueOf(mode.toUpperCase(Locale.ROOT)));
    }
}
