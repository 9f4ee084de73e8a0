package dev.pounce.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pounce.cluster.ClusterAccess;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "release",
        description = {
            "Takes back what a response has changed, before its time is over.",
            "",
            "What somebody else has changed since stays as it is, and that is said.",
            "Exit code 0 when all of it is as before, 1 when something is not, or nothing was in force.",
            "",
            "With --cluster whatever is in force in the cluster, by any engine that shows it there: its Containments are",
            "deleted, and the engines take back what they stand for and say how that ended. Exit code 0 also when",
            "nothing was in force."
        })
final class ReleaseCommand implements Callable<Integer> {

    static final Set<String> AS_BEFORE = Set.of("done", "already so", "target gone");

    @Spec
    CommandSpec spec;

    @Mixin
    StateOption state;

    /** Ours, but in tests. */
    Map<String, String> environment = System.getenv();

    @Option(names = "--cluster", description = "All that is in force in the cluster; for uninstalling.")
    boolean cluster;

    @Option(
            names = "--yes",
            description = "Do so; without it, --cluster says which cluster that is and how much is in force.")
    boolean yes;

    @Option(
            names = "--kubeconfig",
            paramLabel = "FILE",
            description = "That cluster (default: $KUBECONFIG; inside of a pod, its service account).")
    Optional<Path> kubeconfig = Optional.empty();

    @Option(
            names = "--within",
            paramLabel = "DURATION",
            defaultValue = "2m",
            converter = DurationConverter.class,
            description = "How long the cluster and its engines are waited for (default: 2m).")
    Duration patience = Duration.ofMinutes(2);

    @Parameters(
            index = "0",
            paramLabel = "RESPONSE",
            arity = "0..1",
            description = "The response's id, or the beginning of it.")
    String response = "";

    @Parameters(
            index = "1",
            paramLabel = "STEP",
            arity = "0..1",
            defaultValue = "*",
            description = "One of its steps; left out, all of them.")
    String step = "*";

    @Override
    public Integer call() throws JsonProcessingException, InterruptedException {
        if (cluster == !response.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "found " + (cluster ? "both a" : "no") + " response " + (cluster ? "and" : "and no")
                            + " --cluster, expected one of them");
        }
        if (cluster) {
            Optional<Path> named = ClusterOptions.named(kubeconfig, environment);
            if (named.isEmpty() && !ClusterOptions.isInPod()) {
                throw new Refusal("no cluster is named; expected --kubeconfig, KUBECONFIG, or to run in a pod");
            }
            try (ClusterAccess access = ClusterAccess.open(named, Version.current(), Clock.systemUTC())) {
                ReleaseOfCluster release = new ReleaseOfCluster(
                        access, Clock.systemUTC(), patience, spec.commandLine().getOut());
                int inForce = release.count();
                spec.commandLine().getOut().println(access.server() + ": " + inForce + " in force");
                spec.commandLine().getOut().flush();
                if (inForce > 0 && !yes) {
                    throw new Refusal("nothing was released; expected --yes to release all that is in force there");
                }
                return inForce == 0 || release.all() ? 0 : 1;
            } catch (IllegalArgumentException unusable) {
                throw new Refusal(String.valueOf(unusable.getMessage()));
            }
        }
        if (!response.matches("[-0-9A-Za-z]{1,64}") || !step.matches("\\*|[-./0-9A-Za-z]{1,128}")) {
            throw new Refusal("'" + response + " " + step + "' names no step of a response; see pounce containments");
        }
        String answer = state.askEngine("release " + response + " " + step + " " + System.getProperty("user.name"));
        JsonNode released = new ObjectMapper().readTree(answer).path("released");
        PrintWriter out = spec.commandLine().getOut();
        boolean asBefore = !released.isEmpty();
        for (JsonNode one : released) {
            out.println(one.path("step").asText() + ": " + one.path("outcome").asText() + ", "
                    + one.path("detail").asText());
            asBefore &= AS_BEFORE.contains(one.path("outcome").asText());
        }
        if (released.isEmpty()) {
            out.println("nothing of response " + response + " is in force; see pounce containments");
        }
        return asBefore ? 0 : 1;
    }
}
