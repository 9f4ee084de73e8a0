package dev.pounce.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "release",
        description = {
            "Takes back what a response has changed, before its time is over.",
            "",
            "What somebody else has changed since stays as it is, and that is said.",
            "Exit code 0 when all of it is as before, 1 when something is not, or nothing was in force."
        })
final class ReleaseCommand implements Callable<Integer> {

    private static final Set<String> AS_BEFORE = Set.of("done", "already so", "target gone");

    @Spec
    CommandSpec spec;

    @Mixin
    StateOption state;

    @Parameters(index = "0", paramLabel = "RESPONSE", description = "The response's id, or the beginning of it.")
    String response = "";

    @Parameters(
            index = "1",
            paramLabel = "STEP",
            arity = "0..1",
            defaultValue = "*",
            description = "One of its steps; left out, all of them.")
    String step = "*";

    @Override
    public Integer call() throws JsonProcessingException {
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
