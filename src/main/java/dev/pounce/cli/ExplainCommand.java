package dev.pounce.cli;

import dev.pounce.audit.AuditText;
import dev.pounce.audit.ReasonText;
import dev.pounce.audit.ResponseRecord;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "explain",
        description = {
            "Says why a response is what it is.",
            "",
            "What was seen and which values conditions looked at, which action set had waited for what, why each step",
            "is there and what was left out, what the guards said.",
            "Read from the journal, whether or not an engine is running. 'pounce audit show' tells the course."
        })
final class ExplainCommand implements Callable<Integer> {

    @Spec
    CommandSpec spec;

    @Mixin
    StateOption state;

    @Parameters(paramLabel = "RESPONSE", description = "Its id or its incident's, or the beginning of either.")
    String id = "";

    @Option(names = "-o", paramLabel = "FORMAT", description = "text or json", defaultValue = "text")
    Output output = Output.TEXT;

    @Override
    public Integer call() {
        ResponseRecord response = state.response(id);
        PrintWriter out = spec.commandLine().getOut();
        switch (output) {
            case TEXT -> out.print(ReasonText.of(response));
            case JSON -> out.println(AuditText.json(response));
        }
        out.flush();
        return 0;
    }
}
