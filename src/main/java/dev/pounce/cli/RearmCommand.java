package dev.pounce.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "rearm",
        description = {
            "Lets an action set act again that has used up its budget.",
            "",
            "First find out why it did: pounce audit list --actionset SET.",
            "Exit code 0 when it may act again, 1 when it was not stopped."
        })
final class RearmCommand implements Callable<Integer> {

    @Spec
    CommandSpec spec;

    @Mixin
    StateOption state;

    @Parameters(paramLabel = "SET", description = "The action set's name.")
    String set = "";

    @Override
    public Integer call() throws JsonProcessingException {
        if (!set.matches("[-a-z0-9.]{1,63}")) {
            throw new Refusal("'" + set + "' is no name of an action set");
        }
        String answer = state.askEngine("rearm " + set + " " + System.getProperty("user.name"));
        JsonNode json = new ObjectMapper().readTree(answer);
        boolean rearmed = json.path("rearmed").asBoolean();
        spec.commandLine()
                .getOut()
                .println(
                        rearmed
                                ? "action set '" + set + "' may act again, with a whole budget"
                                : "action set '" + set + "' was not stopped by its budget");
        return rearmed ? 0 : 1;
    }
}
