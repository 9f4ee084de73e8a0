package dev.pounce.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "probe",
        description = "Asks how the native probe is.",
        subcommands = ProbeCommand.Status.class,
        synopsisSubcommandLabel = "COMMAND")
final class ProbeCommand implements Callable<Integer> {

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return 2;
    }

    @Command(
            name = "status",
            description = {
                "Prints what the probe of the running engine sees and has lost.",
                "Exit code 0 when it is armed and the journal can be written, else 1."
            })
    static final class Status implements Callable<Integer> {

        @Spec
        CommandSpec spec;

        @Mixin
        StateOption state;

        @Option(names = "-o", paramLabel = "FORMAT", description = "text or json", defaultValue = "text")
        Output output = Output.TEXT;

        @Override
        public Integer call() throws JsonProcessingException {
            String answer = state.askEngine("probe-status");
            JsonNode status = new ObjectMapper().readTree(answer);
            PrintWriter out = spec.commandLine().getOut();
            switch (output) {
                case JSON -> out.println(answer);
                case TEXT -> print(status, out);
            }
            boolean records = !status.path("engine").has("journalFailure");
            return status.path("state").asText().equals("armed") && records ? 0 : 1;
        }

        private static void print(JsonNode status, PrintWriter out) {
            JsonNode engine = status.path("engine");
            if (engine.has("journalFailure")) {
                out.println("Nothing is done until the engine is restarted: "
                        + engine.path("journalFailure").asText());
            }
            out.println(status.path("sentence").asText());
            if (status.has("kernel")) {
                out.println("kernel " + status.path("kernel").asText() + ", probe "
                        + status.path("build").asText() + ", pid "
                        + status.path("pid").asText() + ", started "
                        + status.path("starts").asText() + " time(s)");
            }
            if (!status.path("tiers").isEmpty()) {
                out.println("tiers  " + words(status.path("tiers")));
                out.println("hooks  " + words(status.path("hooks")));
            }
            if (status.has("ringSize")) {
                out.println("ring   " + status.path("ringBytes").asLong() / 1024 + " of "
                        + status.path("ringSize").asLong() / 1024 + " KiB in use, skipped by the kernel "
                        + status.path("recursionMisses").asText() + ", lost per CPU "
                        + words(status.path("lostPerCpu")));
            }
            out.println("engine " + engine.path("heldBack").asText() + " detections held back by cooldowns, "
                    + engine.path("unrecorded").asText() + " not recorded and so not answered, "
                    + engine.path("linesLeftOut").asText() + " lines not printed");
            out.println();
            Table table = new Table("EVENT", "SENT", "LOST", "RECEIVED");
            for (Map.Entry<String, JsonNode> kind : status.path("events").properties()) {
                JsonNode counts = kind.getValue();
                table.row(
                        kind.getKey(),
                        counts.path("sent").asText(),
                        counts.path("lost").asText(),
                        counts.path("received").asText());
            }
            table.print(out);
        }

        private static String words(JsonNode list) {
            List<String> words = new ArrayList<>();
            list.forEach(word -> words.add(word.asText()));
            return String.join(", ", words);
        }
    }
}
