package dev.pounce.cli;

import dev.pounce.audit.AuditQuery;
import dev.pounce.audit.AuditText;
import dev.pounce.audit.JournalVerifier;
import dev.pounce.audit.ResponseRecord;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "audit",
        description = {
            "Reads the journal: what was seen, what was decided, what was done, and whether it is whole.",
            "Works on the files, whether or not an engine is running."
        },
        subcommands = {AuditCommand.ListResponses.class, AuditCommand.Show.class, AuditCommand.Verify.class},
        synopsisSubcommandLabel = "COMMAND")
final class AuditCommand implements Callable<Integer> {

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return 2;
    }

    @Command(
            name = "list",
            description = "Lists responses, oldest first: a row per step, or with -o json a line per response.")
    static final class ListResponses implements Callable<Integer> {

        @Spec
        CommandSpec spec;

        @Mixin
        StateOption state;

        @Option(names = "-o", paramLabel = "FORMAT", description = "text or json", defaultValue = "text")
        Output output = Output.TEXT;

        @Option(names = "--rule", paramLabel = "NAME", description = "Only what this detection rule led to.")
        Optional<String> rule = Optional.empty();

        @Option(names = "--actionset", paramLabel = "NAME", description = "Only what this action set answered.")
        Optional<String> actionSet = Optional.empty();

        @Option(names = "--target", paramLabel = "ASSET", description = "Only steps on this, such as process/4711.")
        Optional<String> target = Optional.empty();

        @Option(
                names = "--since",
                paramLabel = "WHEN",
                converter = WhenConverter.class,
                description =
                        "Only what was planned since: 90s, 15m, 24h, 7d ago, or a time such as 2026-11-23T10:00:00Z.")
        Optional<Instant> since = Optional.empty();

        @Option(names = "--limit", paramLabel = "N", description = "The newest N responses (default: 1000).")
        int limit = 1000;

        @Override
        public Integer call() {
            state.requireJournal();
            List<ResponseRecord> responses = new AuditQuery(state.directory).responses(filter());
            PrintWriter out = spec.commandLine().getOut();
            switch (output) {
                case TEXT -> {
                    if (responses.isEmpty()) {
                        out.println("No response yet" + (hasFilter() ? " that fits." : "."));
                    } else {
                        out.print(AuditText.list(responses));
                    }
                }
                case JSON -> responses.forEach(response -> out.println(AuditText.json(response)));
            }
            out.flush();
            return 0;
        }

        private AuditQuery.Filter filter() {
            AuditQuery.Filter filter = AuditQuery.Filter.ALL.newest(limit);
            filter = since.map(filter::since).orElse(filter);
            filter = rule.map(filter::rule).orElse(filter);
            filter = actionSet.map(filter::actionSet).orElse(filter);
            return target.map(filter::target).orElse(filter);
        }

        private boolean hasFilter() {
            return rule.isPresent() || actionSet.isPresent() || target.isPresent() || since.isPresent();
        }
    }

    @Command(
            name = "show",
            description =
                    "Tells the whole story of one response: what was seen, why each step, what was observed, how long it took.")
    static final class Show implements Callable<Integer> {

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
                case TEXT -> out.print(AuditText.show(response));
                case JSON -> out.println(AuditText.json(response));
            }
            out.flush();
            return 0;
        }
    }

    @Command(
            name = "verify",
            description = {
                "Recomputes the hash chain over the whole journal.",
                "",
                "Exit code 0 when every line follows from the one before, 1 when a line was changed, cut, swapped or lost: each such place is printed."
            })
    static final class Verify implements Callable<Integer> {

        @Spec
        CommandSpec spec;

        @Mixin
        StateOption state;

        @Option(names = "-o", paramLabel = "FORMAT", description = "text or json", defaultValue = "text")
        Output output = Output.TEXT;

        @Override
        public Integer call() throws IOException {
            state.requireJournal();
            JournalVerifier.Verification found = JournalVerifier.verify(state.directory);
            PrintWriter out = spec.commandLine().getOut();
            switch (output) {
                case TEXT -> print(found, out);
                case JSON -> out.println(AuditText.json(found));
            }
            return found.holds() ? 0 : 1;
        }

        private static void print(JournalVerifier.Verification found, PrintWriter out) {
            found.breaks().forEach(broken -> out.println(broken.render()));
            out.println(
                    found.holds()
                            ? "The chain holds: " + found.entries() + " entries, the last is " + found.lastSeq()
                                    + " with hash " + found.lastHash()
                            : "The chain is broken in " + found.breaks().size()
                                    + (found.breaks().size() == 1 ? " place" : " places") + "; " + found.entries()
                                    + " entries are in order");
            if (found.tornBytes() > 0) {
                out.println("The last " + found.tornBytes()
                        + " bytes are half a line, as a running engine or a crash leaves them");
            }
        }
    }
}
