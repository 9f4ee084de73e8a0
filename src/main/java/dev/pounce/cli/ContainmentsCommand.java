package dev.pounce.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "containments",
        description = {
            "Lists what responses have changed and is still in force: isolated pods, labels, cordoned nodes.",
            "",
            "Each ends when its time is over, or with pounce release."
        })
final class ContainmentsCommand implements Callable<Integer> {

    @Spec
    CommandSpec spec;

    @Mixin
    StateOption state;

    @Option(names = "-o", paramLabel = "FORMAT", description = "text or json", defaultValue = "text")
    Output output = Output.TEXT;

    @Override
    public Integer call() throws JsonProcessingException {
        String answer = state.askEngine("containments");
        switch (output) {
            case JSON -> spec.commandLine().getOut().println(answer);
            case TEXT -> print(new ObjectMapper().readTree(answer).path("containments"));
        }
        return 0;
    }

    private void print(JsonNode containments) {
        Table table = new Table("SINCE", "UNTIL", "RESPONSE", "STEP", "ACTION", "TARGET");
        for (JsonNode one : containments) {
            table.row(
                    one.path("since").asText(),
                    one.path("until").asText("released"),
                    one.path("response").asText(),
                    one.path("step").asText(),
                    one.path("verb").asText(),
                    one.path("target").asText()
                            + (one.has("how") ? "  " + one.path("how").asText() : "")
                            + (one.has("trouble")
                                    ? "  (cannot be taken back: "
                                            + one.path("trouble").asText() + ")"
                                    : ""));
        }
        if (table.isEmpty()) {
            spec.commandLine().getOut().println("nothing is in force");
        } else {
            table.print(spec.commandLine().getOut());
        }
    }
}
