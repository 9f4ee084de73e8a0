package dev.pounce.cli;

import io.quarkus.runtime.annotations.QuarkusMain;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command {@code pounce}. Exit codes: 0 fine, 1 the answer is no, 2 wrong usage. */
@QuarkusMain
@Command(
        name = "pounce",
        description = {
            "Watches what programs do on this machine, recognises what should not happen, and answers.",
            "",
            "It reads detection rules (Falco's language) and action sets (what is done about a detection), and",
            "keeps a journal of what was seen, decided and done. Unless told otherwise it only rehearses."
        },
        footer = {
            "",
            "First steps:",
            "  pounce check rules actionsets         are these files right?",
            "  pounce run                            watch and rehearse (dry-run)",
            "  pounce audit list                     what was seen, and what would have been done?",
            "  pounce explain RESPONSE               why?",
            "  pounce run --mode enforce             let sets of mode enforce act"
        },
        subcommands = {
            RunCommand.class,
            CheckCommand.class,
            ActionsCommand.class,
            AuditCommand.class,
            ExplainCommand.class,
            PlanCommand.class,
            ReplayCommand.class,
            ImportCommand.class,
            CrdsCommand.class,
            ProbeCommand.class,
            RbacCommand.class,
            RearmCommand.class,
            ContainmentsCommand.class,
            ReleaseCommand.class,
            VersionCommand.class,
            HelpCommand.class
        },
        synopsisSubcommandLabel = "COMMAND")
public final class Pounce implements Callable<Integer> {

    @Spec
    CommandSpec spec;

    @CommandLine.Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "What this command does, and with which options.")
    boolean help;

    public static void main(String[] args) {
        System.exit(execute(args));
    }

    static int execute(String... args) {
        CommandLine commands = new CommandLine(new Pounce())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpWidth(100)
                .setUsageHelpAutoWidth(true)
                .setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8))
                .setExecutionExceptionHandler((problem, command, parsed) -> {
                    if (problem instanceof Refusal refusal) {
                        command.getErr().println("pounce: " + refusal.getMessage());
                        return 1;
                    }
                    throw problem;
                });
        return commands.execute(args);
    }

    /** Without a command: the help, and exit code 2, for nothing was done. */
    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return 2;
    }
}
