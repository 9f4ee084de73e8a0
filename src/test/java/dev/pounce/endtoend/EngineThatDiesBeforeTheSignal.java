package dev.pounce.endtoend;

import dev.pounce.Onlooker;
import dev.pounce.Policy;
import dev.pounce.ResponsePipeline;
import dev.pounce.action.Action;
import dev.pounce.action.Actuator;
import dev.pounce.action.Outcome;
import dev.pounce.action.process.ContainerMembership;
import dev.pounce.action.process.Objections;
import dev.pounce.action.process.ProcessActuator;
import dev.pounce.asset.NodeRef;
import dev.pounce.asset.ProcessRef;
import dev.pounce.audit.FileJournal;
import dev.pounce.correlation.DroolsCorrelator;
import dev.pounce.detection.Detection;
import dev.pounce.detection.Priority;
import dev.pounce.detection.TimeOrderedIds;
import dev.pounce.guard.GuardChain;
import dev.pounce.guard.ProcFacts;
import dev.pounce.planning.Mode;
import dev.pounce.planning.Planner;
import dev.pounce.probe.ProcSnapshot;
import dev.pounce.source.Problems;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/**
 * The real response, up to the moment that matters: between the intent in the journal and its end. There the process
 * is gone as by {@code kill -9}: halting runs no hook, closes nothing, flushes nothing.
 *
 * <p>Arguments: state directory, rules, action sets, the rule that is to have fired, the pid it fired for, and {@code
 * before} or {@code after}: whether it dies before the signal is sent, or after it had its effect.
 */
final class EngineThatDiesBeforeTheSignal {

    static final int AS_BY_KILL_9 = 137;

    private EngineThatDiesBeforeTheSignal() {}

    public static void main(String[] arguments) {
        Clock clock = Clock.systemUTC();
        TimeOrderedIds ids = new TimeOrderedIds(clock, new SecureRandom());
        Problems problems = new Problems();
        Policy policy = Policy.read(List.of(Path.of(arguments[1])), List.of(Path.of(arguments[2])), problems)
                .orElseThrow(() -> new IllegalStateException("the policy has errors: " + problems.all()));
        ResponsePipeline pipeline = new ResponsePipeline(
                FileJournal.open(Path.of(arguments[0]), clock),
                new DroolsCorrelator(policy.actionSets().ruleBook(), ids),
                new Planner(policy.actionSets(), Mode.ENFORCE, ids),
                GuardChain.standard(new ProcFacts(), clock),
                new Dying(
                        new ProcessActuator(ContainerMembership.NONE, Objections.NONE, clock),
                        arguments[5].equals("after")),
                new Onlooker() {},
                clock);

        pipeline.on(detectionOf(arguments[3], Integer.parseInt(arguments[4]), ids.get(), clock.instant()));
        throw new IllegalStateException("nothing was to be carried out");
    }

    private static Detection detectionOf(String rule, int pid, String id, Instant now) {
        NodeRef node = new NodeRef("node-1");
        long start = new ProcSnapshot(Path.of("/proc")).startOf(pid);
        return new Detection(
                id,
                now,
                "syscall",
                rule,
                Priority.WARNING,
                List.of(),
                "It happened",
                Map.of(),
                List.of(new ProcessRef(node, pid, start)));
    }

    private record Dying(ProcessActuator real, boolean actsFirst) implements Actuator<Action.OnProcess> {

        @Override
        public CompletionStage<Outcome> carryOut(Action.OnProcess action, Instant deadline) {
            if (actsFirst) {
                real.carryOut(action, deadline).toCompletableFuture().join();
            }
            Runtime.getRuntime().halt(AS_BY_KILL_9);
            throw new AssertionError("halting does not return");
        }

        @Override
        public Outcome rehearse(Action.OnProcess action) {
            return real.rehearse(action);
        }

        @Override
        public Outcome observe(Action.OnProcess action) {
            return real.observe(action);
        }
    }
}
