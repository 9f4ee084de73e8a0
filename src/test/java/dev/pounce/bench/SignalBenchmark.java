package dev.pounce.bench;

import dev.pounce.action.Action;
import dev.pounce.action.Outcome;
import dev.pounce.action.process.ContainerMembership;
import dev.pounce.action.process.Objections;
import dev.pounce.action.process.ProcessActuator;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ProcessRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * How long {@code carryOut} of a kill keeps its caller, which is when the signal has been sent, and how long
 * until the death was reported. Real processes; {@code main [kills]}.
 */
public final class SignalBenchmark {

    private SignalBenchmark() {}

    public static void main(String[] args) throws IOException {
        int kills = args.length > 0 ? Integer.parseInt(args[0]) : 1_000;
        try (ProcessActuator actuator =
                new ProcessActuator(ContainerMembership.NONE, Objections.NONE, Clock.systemUTC())) {
            long cold = System.nanoTime();
            actuator.warmUp();
            System.out.printf(Locale.ROOT, "warm-up %.0f ms%n", (System.nanoTime() - cold) / 1e6);
            long[] sent = new long[kills];
            long[] observed = new long[kills];
            for (int batch = 0; batch < kills; batch += 50) {
                List<Process> victims = new ArrayList<>();
                for (int i = batch; i < Math.min(kills, batch + 50); i++) {
                    victims.add(new ProcessBuilder("sleep", "600").start());
                }
                for (int i = 0; i < victims.size(); i++) {
                    ProcessRef ref = refOf(victims.get(i).pid());
                    Action.OnProcess kill = new Action.KillProcess(ref, Action.Scope.PROCESS, Optional.empty());
                    long began = System.nanoTime();
                    CompletionStage<Outcome> stage =
                            actuator.carryOut(kill, Instant.now().plusSeconds(5));
                    sent[batch + i] = System.nanoTime() - began;
                    Outcome outcome = stage.toCompletableFuture().join();
                    observed[batch + i] = System.nanoTime() - began;
                    if (!(outcome instanceof Outcome.Done)) {
                        throw new IllegalStateException(outcome.toString());
                    }
                }
            }
            print("signal sent", sent);
            print("death reported", observed);
        }
    }

    private static void print(String what, long[] nanos) {
        Arrays.sort(nanos);
        System.out.printf(
                Locale.ROOT,
                "%s: p50 %.1f us, p99 %.1f us, max %.1f us (n=%d)%n",
                what,
                nanos[nanos.length / 2] / 1e3,
                nanos[(int) (nanos.length * 0.99)] / 1e3,
                nanos[nanos.length - 1] / 1e3,
                nanos.length);
    }

    private static ProcessRef refOf(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return new ProcessRef(new NodeRef("here"), (int) pid, Long.parseLong(fields[19]) * 10_000_000L);
    }
}
